// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/revisions/revision_layout.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "skerry/image/dirty_pages.h"

namespace skerry::image {
namespace {

// However small its sources are, a revision has no more than this many: each is a file to open.
constexpr std::size_t kMaxSources = kMaxRevisionFiles - 2;

/// Whether the pages lie in a file already: not the run's own, nor those that had too many edits.
bool is_in_file(const Extent& extent) { return extent.file && extent.file->is_file(); }

/// Sources of which little is still in use, smallest first: as long as one adds no more than is
/// written anyway, its pages are taken along. So sources stay few (their sizes at least double) and
/// a page is rewritten a logarithmic number of times.
std::set<const PageFile*> absorbed_sources(const std::vector<Extent>& extents) {
  std::map<const PageFile*, std::size_t> used;
  std::size_t written = 0;
  for (const Extent& extent : extents) {
    (is_in_file(extent) ? used[extent.file.get()] : written) += extent.count;
  }
  std::vector<std::pair<std::size_t, const PageFile*>> sources;
  sources.reserve(used.size());
  for (const auto& [file, count] : used) sources.emplace_back(count, file);
  std::sort(sources.begin(), sources.end());
  std::set<const PageFile*> absorbed;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const auto& [count, file] = sources[i];
    if (count > written && sources.size() - i <= kMaxSources) break;
    absorbed.insert(file);
    written += count;
  }
  return absorbed;
}

/// Edits of the new revision, and those of pages that are better kept whole.
struct SplitEdits {
  Edits kept;
  Edits whole;
};

SplitEdits split_edits(const Revision& parent, const CapturedState& state) {
  const Edits all = merge(parent.all_edits(), state.edits).in([&](std::size_t page) {
    return !contains(state.changed, page);
  });
  const auto sizes = sizes_in_pages(all);
  EditsBudget budget;
  for (const auto& [page, size] : sizes) budget.count(size);
  std::vector<PageRun> kept;
  for (const auto& [page, size] : sizes) {
    if (budget.take(size)) append(kept, {page, 1});
  }
  const auto is_kept = [&](std::size_t page) { return contains(kept, page); };
  return {.kept = all.in(is_kept), .whole = all.in(std::not_fn(is_kept))};
}

}  // namespace

Result<Layout> lay_out(const Revision& parent, const Captured& captured) {
  std::vector<Extent> changed;
  std::size_t at = 0;
  for (const PageRun& run : captured.state.changed) {
    changed.push_back({run.first, run.count, nullptr, at});
    at += run.count;
  }
  Layout layout;
  auto edits = split_edits(parent, captured.state);
  layout.below = parent.file_image->pages->with(edits.whole, captured.state.memory_size);
  const std::vector<Extent> extents = overlay(layout.below->layers(), changed);
  const auto absorbed = absorbed_sources(extents);
  proto::RevisionManifest& manifest = layout.manifest;
  std::map<const PageFile*, std::uint32_t> source_numbers;
  for (const Extent& extent : extents) {
    auto* item = manifest.add_extents();
    item->set_first(extent.first);
    item->set_count(extent.count);
    if (!is_in_file(extent) || absorbed.contains(extent.file.get())) {
      const auto from = extent.file == nullptr ? captured.pages() : extent.file->bytes();
      layout.pieces.push_back(from.subspan(extent.at * kPageSize, extent.count * kPageSize));
      item->set_at(layout.own);
      layout.extents.push_back({extent.first, extent.count, nullptr, layout.own});
      layout.own += extent.count;
      continue;
    }
    auto [number, is_new] = source_numbers.try_emplace(
        extent.file.get(), static_cast<std::uint32_t>(source_numbers.size() + 1));
    if (is_new) {
      const auto id = parent.file_ids.find(extent.file.get());
      if (id == parent.file_ids.end()) {
        return absl::InternalError("a revision's extent lies in a file of nobody's");
      }
      manifest.add_sources(id->second);
      layout.sources.push_back(extent.file);
    }
    item->set_source(number->second);
    item->set_at(extent.at);
    layout.extents.push_back(extent);
  }
  manifest.set_template_sha256(parent.file_image->sha256);
  manifest.set_template_name(parent.manifest().template_name);
  manifest.set_module_sha256(parent.manifest().module_sha256);
  manifest.set_pages_xxh3(xxh3_of(layout.pieces, captured.was_read()));
  manifest.set_memory_size(captured.state.memory_size);
  manifest.set_edits(edits.kept.encoded());
  layout.edits = std::move(edits.kept);
  for (const Global& global : captured.state.globals) {
    auto* item = manifest.add_globals();
    item->set_name(global.name);
    item->set_bits(global.bits);
  }
  return layout;
}

std::size_t pages_of(const Revision& revision) {
  const auto layers = revision.file_image->pages->layers();
  std::size_t count = 0;
  for (const Extent& extent : layers) count += extent.count;
  auto layer = layers.begin();
  for (const std::size_t page : revision.all_edits().pages()) {
    while (layer != layers.end() && layer->first + layer->count <= page) ++layer;
    if (layer == layers.end() || page < layer->first) ++count;
  }
  return count;
}

}  // namespace skerry::image
