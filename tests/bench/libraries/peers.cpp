#include "bench/library.h"

namespace surprisal::bench {

std::vector<Library> Peers() {
  return {
#ifdef BENCH_PYTORCH
      PyTorchLibrary(),
#endif
#ifdef BENCH_ONEDNN
      OneDnnLibrary(),
#endif
#ifdef BENCH_EIGEN
      EigenLibrary(),
#endif
      StdExpLibrary(),
  };
}

}  // namespace surprisal::bench
