// The README's example: what a project outside builds against the package.
#include <cstdio>
#include <vector>

#include "surprisal/cross_entropy/cross_entropy.h"
#include "surprisal/softmax/softmax.h"

int main() {
  const std::vector<float> logits = {2.44f, 3.92f, 2.50f, -1.27f, 3.23f};
  const std::vector<surprisal::Label> label = {1};

  const std::vector<float> probs = surprisal::Softmax(logits);
  std::vector<float> loss(1), d_logits(5);
  surprisal::CrossEntropyWithGradient(logits, label, loss, d_logits);

  for (size_t c = 0; c < 5; ++c)
    std::printf("p = %.9g, d loss / d z = %.9g\n", probs[c], d_logits[c]);
  std::printf("loss = %.9g nats\n", loss[0]);
}
