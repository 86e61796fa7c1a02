#ifndef SURPRISAL_DIGITS_CLASSIFIER_H_
#define SURPRISAL_DIGITS_CLASSIFIER_H_

#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "digits/idx.h"
#include "digits/network.h"

namespace surprisal::digits {

/// The network the chapters talk about, before and after its training.
struct Classifier {
  Dataset data;
  Network untrained;
  Network trained;
  TrainingReport report;
};

/// The data of `folder` (see LoadIdxFolder), or the embedded sample, and the
/// network with its default options, trained on it. Errors as LoadIdxFolder.
Classifier TrainClassifier(const std::optional<std::filesystem::path>& folder,
                           const std::function<void(const Progress&)>& on_step);

/// The same, trained once in a process: later calls return what the first one
/// made. Bar is a progress bar, such as literate::ProgressBar: made from a
/// title and the number of steps, with Update(done, note) and Finish().
template <class Bar>
const Classifier& TheClassifier(
    const std::optional<std::filesystem::path>& folder) {
  static const Classifier classifier = [&folder] {
    std::optional<Bar> bar;
    Classifier made = TrainClassifier(folder, [&bar](const Progress& progress) {
      if (!bar) bar.emplace("training", progress.steps);
      char note[64];
      std::snprintf(note, sizeof(note), "epoch %zu of %zu, loss %.3f",
                    progress.epoch, progress.epochs, progress.loss);
      bar->Update(progress.step, note);
    });
    bar->Finish();
    return made;
  }();
  return classifier;
}

}  // namespace surprisal::digits

#endif  // SURPRISAL_DIGITS_CLASSIFIER_H_
