#ifndef SURPRISAL_LITERATE_STEP_RUNNER_H_
#define SURPRISAL_LITERATE_STEP_RUNNER_H_

#include "literate/narrator.h"
#include "literate/source.h"

namespace surprisal::literate {

/// Runs step `step` of this program as the one doctest case of a doctest run of
/// its own, so that CHECK, REQUIRE, CAPTURE and subcases mean what they always
/// mean, and a step can be run again. Throws Error if the case at that place is
/// not `source.steps[step]`.
Outcome RunStepInDoctest(const Chapter& source, size_t step);

}  // namespace surprisal::literate

#endif  // SURPRISAL_LITERATE_STEP_RUNNER_H_
