#include "digits/idx.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "digits/gzip.h"
#include "digits/random.h"
#include "digits/sample.h"
#include "surprisal/common/error.h"

namespace surprisal::digits {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kNames = {
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

// A folder of its own for each test, gone with it.
class TempFolder {
 public:
  TempFolder() {
    const fs::path base = fs::temp_directory_path();
    for (int i = 0; path_.empty(); ++i) {
      const fs::path path = base / ("surprisal_idx_" + std::to_string(i));
      std::error_code taken;
      if (fs::create_directory(path, taken)) path_ = path;
      REQUIRE_MESSAGE(!taken, taken.message());
    }
  }
  ~TempFolder() { fs::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const fs::path& path() const { return path_; }
  std::string Path(const std::string& name) const {
    return (path_ / name).string();
  }
  void Write(const std::string& name, const Bytes& bytes) const {
    std::ofstream out(path_ / name, std::ios::binary);
    std::copy(bytes.begin(), bytes.end(), std::ostreambuf_iterator<char>(out));
  }
  Bytes Read(const std::string& name) const {
    std::ifstream in(path_ / name, std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(in), {});
  }

 private:
  fs::path path_;
};

Digits SmallDigits(size_t count, uint64_t seed) {
  Random random(seed);
  Digits digits{.count = count,
                .pixels = std::vector<uint8_t>(count * kPixels, 0),
                .labels = std::vector<Label>(count)};
  for (Label& label : digits.labels) {
    label = static_cast<Label>(random.Below(kDigitClasses));
  }
  for (size_t dot = 0; dot < 20 * count; ++dot) {
    const auto ink = static_cast<uint8_t>(random.Below(256));
    digits.pixels[random.Below(digits.pixels.size())] = ink;
  }
  return digits;
}

Dataset SmallDataset() {
  return {SmallDigits(3, 1), SmallDigits(2, 2), "made up"};
}

// A folder with the four plain files of SmallDataset().
class SmallFolder : public TempFolder {
 public:
  SmallFolder() {
    SaveIdxFolder(SmallDataset(), path());
    for (const std::string& name : kNames) {
      Write(name, Gunzip(Read(name + ".gz"), name));
      fs::remove(path() / (name + ".gz"));
    }
  }
};

bool SameDigits(const Dataset& a, const Dataset& b) {
  return a.train == b.train && a.test == b.test;
}

// What LoadIdxFolder complains about, or "" if it does not.
std::string Complaint(const fs::path& folder) {
  try {
    LoadIdxFolder(folder);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

// The complaint after bytes[at], ... of a file are replaced.
std::string ComplaintAfterPatch(const std::string& name, size_t at,
                                const Bytes& patch) {
  const SmallFolder folder;
  Bytes bytes = folder.Read(name);
  std::copy(patch.begin(), patch.end(), bytes.begin() + at);
  folder.Write(name, bytes);
  const std::string complaint = Complaint(folder.path());
  const std::string path = folder.Path(name);
  CAPTURE(complaint);
  REQUIRE(complaint.starts_with(path));
  return complaint.substr(path.size());
}

// What is read is as a Digits should be, whatever the file was.
void CheckSound(const Digits& digits) {
  CHECK(digits.count > 0);
  CHECK(digits.pixels.size() == digits.count * kPixels);
  CHECK(digits.labels.size() == digits.count);
  CHECK(std::ranges::all_of(digits.labels,
                            [](Label y) { return 0 <= y && y < 10; }));
}

TEST_CASE("what is saved is read back") {
  const TempFolder folder;
  SaveIdxFolder(SmallDataset(), folder.path());
  const Dataset read = LoadIdxFolder(folder.path());
  CHECK(SameDigits(read, SmallDataset()));
  CHECK(read.source == folder.path().string());
}

TEST_CASE("plain and compressed files read the same, dash or dot") {
  const SmallFolder folder;
  CHECK(SameDigits(LoadIdxFolder(folder.path()), SmallDataset()));

  for (const std::string& name : kNames) {
    std::string dotted = name;
    dotted[name.rfind("-idx")] = '.';
    fs::rename(folder.path() / name, folder.path() / dotted);
    CHECK(SameDigits(LoadIdxFolder(folder.path()), SmallDataset()));

    folder.Write(dotted + ".gz", Gzip(folder.Read(dotted)));
    fs::remove(folder.path() / dotted);
    CHECK(SameDigits(LoadIdxFolder(folder.path()), SmallDataset()));
  }
}

TEST_CASE("a missing folder is named") {
  const TempFolder folder;
  const std::string missing = folder.Path("nowhere");
  CHECK(Complaint(missing) == missing + ": no such folder");
}

TEST_CASE("a missing file is named by all the names it could have") {
  const SmallFolder folder;
  fs::remove(folder.path() / "t10k-labels-idx1-ubyte");
  CHECK(Complaint(folder.path()) ==
        folder.path().string() +
            ": holds none of t10k-labels-idx1-ubyte, "
            "t10k-labels-idx1-ubyte.gz, t10k-labels.idx1-ubyte, "
            "t10k-labels.idx1-ubyte.gz");
}

TEST_CASE("a folder in the place of a file cannot be read") {
  const SmallFolder folder;
  const std::string name = "train-labels-idx1-ubyte";
  fs::remove(folder.path() / name);
  fs::create_directory(folder.path() / name);
  CHECK(Complaint(folder.path()) == folder.Path(name) + ": cannot be read");
}

TEST_CASE("a file that is not IDX, or of the other kind, is rejected") {
  CHECK(ComplaintAfterPatch("train-images-idx3-ubyte", 0, {'P', 'K', 3, 4}) ==
        ": begins with 0x504b0304, want 0x00000803 (images)");
  CHECK(ComplaintAfterPatch("train-images-idx3-ubyte", 0, {0, 0, 8, 1}) ==
        ": begins with 0x00000801, want 0x00000803 (images)");
  CHECK(ComplaintAfterPatch("t10k-labels-idx1-ubyte", 0, {0, 0, 8, 3}) ==
        ": begins with 0x00000803, want 0x00000801 (labels)");
}

TEST_CASE("images of another size are rejected") {
  CHECK(ComplaintAfterPatch("t10k-images-idx3-ubyte", 8, {0, 0, 0, 29}) ==
        ": its images are 29 x 28 pixels, want 28 x 28");
  CHECK(ComplaintAfterPatch("t10k-images-idx3-ubyte", 12, {255, 0, 0, 28}) ==
        ": its images are 28 x 4278190108 pixels, want 28 x 28");
}

TEST_CASE("a count that the file does not bear out is rejected") {
  CHECK(ComplaintAfterPatch("train-images-idx3-ubyte", 4, {0, 0, 0, 0}) ==
        ": holds no images");
  CHECK(ComplaintAfterPatch("train-images-idx3-ubyte", 4, {0, 0, 0, 2}) ==
        ": goes on for 784 bytes after its 1584 bytes");
  CHECK(ComplaintAfterPatch("train-images-idx3-ubyte", 4, {0, 0, 0, 4}) ==
        ": ends after 2368 of 3152 bytes");
  CHECK(ComplaintAfterPatch("t10k-labels-idx1-ubyte", 4, {0, 0, 0, 1}) ==
        ": goes on for 1 bytes after its 9 bytes");
}

TEST_CASE("the largest count that can be written asks for no memory") {
  CHECK(
      ComplaintAfterPatch("train-images-idx3-ubyte", 4, {255, 255, 255, 255}) ==
      ": ends after 2368 of 3367254359296 bytes");
}

TEST_CASE("a label above 9 is named with its place") {
  const SmallFolder folder;
  const Digits digits = SmallDigits(20, 3);
  SaveIdxFolder({digits, digits, ""}, folder.path());
  const std::string name = "train-labels-idx1-ubyte";
  Bytes labels = Gunzip(folder.Read(name + ".gz"), name);
  labels[8 + 17] = 11;
  for (const std::string& small : kNames) fs::remove(folder.path() / small);
  folder.Write(name, labels);
  CHECK(Complaint(folder.path()) ==
        folder.Path(name) + ": labels[17] = 11 is outside [0, 10)");
}

TEST_CASE("fewer labels than images are rejected") {
  const SmallFolder folder;
  folder.Write("train-labels-idx1-ubyte", {0, 0, 8, 1, 0, 0, 0, 2, 7, 9});
  CHECK(Complaint(folder.path()) ==
        folder.Path("train-images-idx3-ubyte") + " holds 3 images, but " +
            folder.Path("train-labels-idx1-ubyte") + " holds 2 labels");
}

TEST_CASE("a file cut off anywhere is rejected with both lengths") {
  for (const std::string& name : kNames) {
    const SmallFolder folder;
    const Bytes whole = folder.Read(name);
    const size_t header = name.find("images") != name.npos ? 16 : 8;
    for (size_t size = 0; size < whole.size(); ++size) {
      folder.Write(name, Bytes(whole.begin(), whole.begin() + size));
      const size_t want = size < header ? header : whole.size();
      CHECK(Complaint(folder.path()) == folder.Path(name) + ": ends after " +
                                            std::to_string(size) + " of " +
                                            std::to_string(want) + " bytes");
    }
  }
}

TEST_CASE("a compressed file cut off anywhere is rejected") {
  const TempFolder folder;
  SaveIdxFolder(SmallDataset(), folder.path());
  const std::string name = "train-images-idx3-ubyte.gz";
  const Bytes whole = folder.Read(name);
  for (size_t size = 2; size < whole.size(); ++size) {  // 2 bytes say gzip
    folder.Write(name, Bytes(whole.begin(), whole.begin() + size));
    CHECK(Complaint(folder.path()) ==
          folder.Path(name) + ": the gzip stream ends early, after " +
              std::to_string(size) + " compressed bytes");
  }
}

TEST_CASE("a wrong checksum of a compressed file is rejected") {
  const TempFolder folder;
  SaveIdxFolder(SmallDataset(), folder.path());
  const std::string name = "t10k-images-idx3-ubyte.gz";
  Bytes bytes = folder.Read(name);
  const std::string size = std::to_string(bytes.size());
  bytes[bytes.size() - 8] ^= 1;  // CRC-32 and length are the last 8 bytes
  folder.Write(name, bytes);
  CHECK(Complaint(folder.path()) ==
        folder.Path(name) + ": damaged gzip stream near compressed byte " +
            std::to_string(bytes.size() - 4) + " of " + size +
            " (incorrect data check)");
}

TEST_CASE("gzip members follow one another, but nothing else follows them") {
  const Bytes whole = {1, 2, 3, 4, 5};
  Bytes packed = Gzip({whole.begin(), whole.begin() + 2});
  const Bytes rest = Gzip({whole.begin() + 2, whole.end()});
  packed.insert(packed.end(), rest.begin(), rest.end());
  CHECK(Gunzip(packed, "two members") == whole);
  packed.push_back('?');
  CHECK_THROWS_AS(Gunzip(packed, "and more"), Error);
}

TEST_CASE("a plain file with a wrong byte is rejected or read soundly") {
  Random random(4);
  for (const std::string& name : kNames) {
    const SmallFolder folder;
    const Bytes good = folder.Read(name);
    for (size_t at = 0; at < std::min<size_t>(good.size(), 400); ++at) {
      Bytes bad = good;
      bad[at] ^= static_cast<uint8_t>(1 + random.Below(255));
      folder.Write(name, bad);
      try {
        const Dataset read = LoadIdxFolder(folder.path());
        CHECK(at >= 8);  // a header, once damaged, is always noticed
        CheckSound(read.train);
        CheckSound(read.test);
      } catch (const Error& error) {
        CHECK(std::string_view(error.what()).find(name) != std::string::npos);
      }
    }
  }
}

TEST_CASE("a compressed file with a wrong byte is rejected or read the same") {
  Random random(5);
  const TempFolder folder;
  SaveIdxFolder(SmallDataset(), folder.path());
  const std::string name = "train-images-idx3-ubyte.gz";
  const Bytes good = folder.Read(name);
  size_t rejected = 0;
  for (size_t at = 0; at < good.size(); ++at) {
    Bytes bad = good;
    bad[at] ^= static_cast<uint8_t>(1 + random.Below(255));
    folder.Write(name, bad);
    try {
      const Dataset read = LoadIdxFolder(folder.path());
      CHECK(SameDigits(read, SmallDataset()));
      CHECK(at < 10);  // a header's time and system are not protected
    } catch (const Error&) {
      ++rejected;
    }
  }
  CHECK(rejected >= good.size() - 6);
}

TEST_CASE("a folder that cannot be written to is named") {
  const TempFolder folder;
  const fs::path missing = folder.path() / "nowhere";
  const std::string file = (missing / "train-images-idx3-ubyte.gz").string();
  CHECK_THROWS_WITH_AS(SaveIdxFolder(SmallDataset(), missing),
                       (file + ": cannot be written").c_str(), Error);
}

TEST_CASE("the embedded sample has 500 and 100 images of every digit") {
  const Dataset sample = EmbeddedSample();
  CheckSound(sample.train);
  CheckSound(sample.test);
  CHECK(sample.train.count == 5000);
  CHECK(sample.test.count == 1000);
  for (Label digit = 0; digit < 10; ++digit) {
    CHECK(std::ranges::count(sample.train.labels, digit) == 500);
    CHECK(std::ranges::count(sample.test.labels, digit) == 100);
  }
}

TEST_CASE("no image of the embedded sample comes twice") {
  const Dataset sample = EmbeddedSample();
  std::set<std::string> seen;
  for (const Digits* digits : {&sample.train, &sample.test}) {
    for (size_t i = 0; i < digits->count; ++i) {
      const auto image = digits->Image(i);
      CHECK(seen.emplace(image.begin(), image.end()).second);
    }
  }
}

TEST_CASE("the embedded files are a folder that reads as the sample") {
  const TempFolder folder;
  for (const SampleFile& file : SampleFiles()) {
    folder.Write(file.name, {file.bytes.begin(), file.bytes.end()});
  }
  CHECK(SameDigits(LoadIdxFolder(folder.path()), EmbeddedSample()));
}

TEST_CASE("selected images keep their pixels and labels") {
  const Digits digits = SmallDigits(5, 6);
  const std::vector<size_t> places = {4, 0, 4};
  const Digits selected = Select(digits, places);
  REQUIRE(selected.count == 3);
  for (size_t k = 0; k < places.size(); ++k) {
    CHECK(std::ranges::equal(selected.Image(k), digits.Image(places[k])));
    CHECK(selected.labels[k] == digits.labels[places[k]]);
  }
}

TEST_CASE("a place outside the digits is rejected") {
  const std::vector<size_t> places = {0, 5};
  CHECK_THROWS_WITH_AS(Select(SmallDigits(5, 6), places),
                       "indices[1] = 5 is outside [0, 5)", Error);
}

TEST_CASE("the images of one label are those and no others") {
  const Digits train = EmbeddedSample().train;
  const Digits sevens = WithLabel(train, 7);
  CHECK(sevens.count == 500);
  CHECK(std::ranges::count(sevens.labels, 7) == 500);
  CHECK(WithLabel(train, 10).count == 0);
}

}  // namespace
}  // namespace surprisal::digits
