// SPDX-License-Identifier: Apache-2.0
// Opens any bytes as a revision. The first byte chooses: the rest is the whole file, or it is the
// manifest, made to name the template and a source that are there, in front of as many pages as the
// byte says, or it is a patch over that source, under a hash that fits.
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <string>

#include "skerry/image/page_container.h"
#include "skerry/image/revisions/revision_files.h"
#include "skerry/image/test_template.h"
#include "skerry/revision.pb.h"

namespace {

using namespace skerry;

/// A store with one whole revision in it, and a place for another.
struct Store {
  Store() {
    if (!files.keep_template(*made.root.file_image, made.file).ok()) std::abort();
    const auto captured = image::testing::TestTemplate::run_on(
        made.root, [](image::LinearMemory& memory) { memory.base()[5] = std::byte{1}; });
    source = files.write(made.root, *captured, AtomicFile::Sync::kNone)->id;
  }

  TestDirectory directory;
  image::testing::TestTemplate made;
  image::RevisionFiles files = image::RevisionFiles::open(directory / "store").value();
  std::string source;
  const std::string id = std::string(32, 'f');
  const std::filesystem::path path = directory / "store/revisions" / (id + ".revision");
};

Status write_around(const Store& store, std::string manifest, std::size_t pages) {
  proto::RevisionManifest message;
  if (message.ParseFromString(manifest)) {
    message.set_template_sha256(store.made.root.file_image->sha256);
    for (std::string& source : *message.mutable_sources()) source = store.source;
    manifest = message.SerializeAsString();
  }
  const std::string content(pages * kPageSize, 'x');
  std::filesystem::remove(store.path);  // a revision's file is written once
  return image::write_container(store.path, image::kRevisionFormat, {as_bytes(manifest)},
                                {as_bytes(content)}, AtomicFile::Sync::kNone)
      .status();
}

void open_patch(const Store& store, std::string text) {
  proto::RevisionPatch message;
  if (message.ParseFromString(text)) {
    message.set_file(store.source);
    text = message.SerializeAsString();
  }
  const std::string content = image::xxh3_of({as_bytes(text)}) + text;
  const auto revision = store.files.load_patched(store.id, content);
  if (!revision.ok()) return;
  const auto image = revision->image();
  if (image->pages->size() != revision->memory_size()) std::abort();
  for (const image::Extent& extent : image->pages->layers()) {
    (void)image::is_zero({image->pages->page(extent.first), kPageSize});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Store kStore;
  if (size == 0) return 0;
  const std::string rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 4 == 2) {
    open_patch(kStore, rest);
    return 0;
  }
  if (data[0] % 4 == 0) {
    const auto file = open_file(kStore.path, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file.ok() || !write_all(file->get(), as_bytes(rest)).ok()) std::abort();
  } else if (!write_around(kStore, rest, data[0] / 4 % 8).ok()) {
    std::abort();
  }
  const auto revision = kStore.files.load(kStore.id);
  if (!revision.ok()) return 0;
  // What opened has all its pages: reading past the end of a file would be SIGBUS.
  for (const image::Extent& extent : revision->file_image->pages->layers()) {
    (void)image::is_zero({revision->file_image->pages->page(extent.first), kPageSize});
  }
  (void)kStore.files.verify(kStore.id);
  return 0;
}
