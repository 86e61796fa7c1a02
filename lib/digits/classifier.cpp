#include "digits/classifier.h"

#include <utility>

namespace surprisal::digits {

Classifier TrainClassifier(
    const std::optional<std::filesystem::path>& folder,
    const std::function<void(const Progress&)>& on_step) {
  Dataset data = folder ? LoadIdxFolder(*folder) : EmbeddedSample();
  const Network untrained;
  Network trained = untrained;
  TrainingReport report = Train(trained, data.train, {}, on_step);
  return {std::move(data), untrained, std::move(trained), std::move(report)};
}

}  // namespace surprisal::digits
