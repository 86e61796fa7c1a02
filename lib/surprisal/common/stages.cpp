#include "surprisal/common/stages.h"

namespace surprisal {

StageCounts& Stages() {
  thread_local StageCounts counts;
  return counts;
}

}  // namespace surprisal
