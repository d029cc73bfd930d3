// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/revisions/revision.h"

#include <utility>

#include "skerry/image/page_container.h"
#include "skerry/image/revisions/revision_format.h"

namespace skerry::image {

std::shared_ptr<const Image> Revision::image() const {
  if (!patch && !edits) return file_image;
  auto image = std::make_shared<Image>(*file_image);
  image->pages = image->pages->with(all_edits(), memory_size());
  if (patch) {
    image->manifest.globals = patch->state.globals;
    image->manifest.host_state = patch->state.host_state;
  }
  return image;
}

Revision Revision::without_host_state() const {
  Revision revision = *this;
  const Image& whole = *file_image;
  revision.file_image =
      std::make_shared<const Image>(Image{.manifest = image::without_host_state(whole.manifest),
                                          .sha256 = whole.sha256,
                                          .base = whole.base,
                                          .template_image = whole.template_image,
                                          .pages = whole.pages});
  if (!patch) return revision;
  CapturedState state;
  state.memory_size = patch->state.memory_size;
  state.changed = patch->state.changed;
  state.edits = patch->state.edits;
  state.globals = patch->state.globals;
  revision.patch =
      std::make_shared<const Patch>(Patch{.state = std::move(state), .content = patch->content});
  return revision;
}

Edits Revision::all_edits() const {
  if (!patch) return edits ? *edits : Edits();
  return edits ? merge(*edits, patch->state.edits) : patch->state.edits;
}

Result<Revision> read_revision(std::vector<OwnedFd> files, std::string_view patch,
                               const KnownImage& known) {
  const std::filesystem::path path = "revision";
  if (files.size() < 2) return absl::DataLossError("a revision needs two files at least");
  SKERRY_ASSIGN(auto opened, read_checked(std::move(files.front()), path));
  if (static_cast<std::size_t>(opened.manifest.sources_size()) != files.size() - 2) {
    return damaged_container(path, kRevisionFormat, "files that it needs are missing");
  }
  std::vector<Container> sources;
  for (std::size_t i = 1; i + 1 < files.size(); ++i) {
    SKERRY_ASSIGN(auto source, read_container(std::move(files[i]), path, kRevisionFormat));
    sources.push_back(std::move(source));
  }
  auto base = known(opened.manifest.template_sha256());
  if (!base) {
    SKERRY_ASSIGN(base, read_image(std::move(files.back()), "template"));
  }
  auto revision = assemble("", path, std::move(opened), std::move(sources), base);
  if (!revision.ok() || patch.empty()) return revision;
  SKERRY_ASSIGN(auto message, read_patch("", patch));
  return patched("", *std::move(revision), std::move(message), patch);
}

Result<StoredState> read_stored_state(OwnedFd own_file, std::string_view patch) {
  SKERRY_ASSIGN(auto opened, read_checked(std::move(own_file), "revision"));
  StoredState state{.host_state = std::move(*opened.manifest.mutable_host_state()),
                    .template_sha256 = opened.manifest.template_sha256()};
  if (patch.empty()) return state;
  SKERRY_ASSIGN(auto message, read_patch("", patch));
  SKERRY_TRY(complete_host_state("", state.host_state, message));
  state.host_state = std::move(*message.mutable_state()->mutable_host_state());
  return state;
}

}  // namespace skerry::image
