// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/exports/image_export.h"

#include <algorithm>
#include <utility>

#include "skerry/image/exports/export_format.h"
#include "skerry/image/manifest_budget.h"
#include "skerry/image/page_container.h"
#include "skerry/image/page_runs.h"
#include "skerry/session_export.pb.h"

namespace skerry::image {
namespace {

using export_format::Header;
using export_format::kChunk;

// Memory that one piece may be made of: zeros compress to nothing, and reading them takes time.
constexpr std::size_t kMaxRead = std::size_t{8} << 20;

/// Where memory is not zero. Short gaps are taken along: they compress to nothing, and a run less
/// is a mapping less.
std::vector<PageRun> filled_runs(const ImagePages& memory) {
  std::vector<PageRun> runs;
  for (std::size_t page = 0; page < memory.size() / kPageSize; ++page) {
    if (is_zero({memory.page(page), kPageSize})) continue;
    if (!runs.empty()) {
      PageRun& last = runs.back();
      if (page - (last.first + last.count) <= Extent::kMappedPages) {
        last.count = page + 1 - last.first;
        continue;
      }
    }
    runs.push_back({page, 1});
  }
  return runs;
}

std::string manifest_of(const Image& image, std::string host_state, const ExportOrigin& origin,
                        const std::vector<PageRun>& runs) {
  proto::SessionExport message;
  message.set_session(origin.session);
  message.set_revision(origin.revision);
  message.set_module_sha256(image.manifest.module_sha256);
  message.set_template_name(image.manifest.template_name);
  for (const auto& [key, value] : image.manifest.facts) (*message.mutable_facts())[key] = value;
  for (const Global& global : image.manifest.globals) {
    auto* item = message.add_globals();
    item->set_name(global.name);
    item->set_bits(global.bits);
  }
  message.set_host_state(std::move(host_state));
  message.set_memory_size(image.pages->size());
  const auto numbers = packed_runs(runs);
  message.mutable_packed_runs()->Assign(numbers.begin(), numbers.end());
  return message.SerializeAsString();
}

}  // namespace

ExportWriter::ExportWriter()
    : buffer_(kChunk), zstd_([this](std::span<const std::byte> bytes) {
        put(bytes);
        return ok_status();
      }) {}

Result<std::unique_ptr<ExportWriter>> ExportWriter::begin(const Image& image,
                                                          std::string host_state,
                                                          const ExportOrigin& origin) {
  std::unique_ptr<ExportWriter> writer(new ExportWriter());
  writer->pages_ = image.pages;
  writer->runs_ = filled_runs(*image.pages);
  writer->manifest_ = manifest_of(image, std::move(host_state), origin, writer->runs_);
  writer->pages_count_ = count_of(writer->runs_);
  if (writer->manifest_.size() > ExportLimits{}.max_manifest(bytes(image.pages->size()))) {
    return absl::ResourceExhaustedError("the session's files are too large for one export");
  }
  return writer;
}

void ExportWriter::put(std::span<const std::byte> bytes) {
  hash_.update(bytes);
  out_ += as_text(bytes);
}

Status ExportWriter::write_manifest() {
  const std::string_view piece = std::string_view(manifest_).substr(manifest_done_, kChunk);
  SKERRY_TRY(zstd_.write(as_bytes(piece)));
  manifest_done_ += piece.size();
  if (manifest_done_ == manifest_.size()) {
    manifest_ = std::string();
    stage_ = Stage::kPages;
  }
  return ok_status();
}

Status ExportWriter::write_pages() {
  if (run_ == runs_.size()) {
    SKERRY_TRY(zstd_.finish());
    stage_ = Stage::kEnd;
    return ok_status();
  }
  const PageRun& run = runs_[run_];
  const std::size_t count = std::min(run.count - run_done_, kChunk / kPageSize);
  pages_->copy({run.first + run_done_, count}, buffer_.data());
  SKERRY_TRY(zstd_.write(std::span(buffer_).first(count * kPageSize)));
  run_done_ += count;
  pages_done_ += count;
  if (run_done_ == run.count) {
    ++run_;
    run_done_ = 0;
  }
  return ok_status();
}

Status ExportWriter::advance() {
  switch (stage_) {
    case Stage::kHeader: {
      Header header;
      header.manifest_size = static_cast<std::uint32_t>(manifest_.size());
      header.pages_size = pages_count_ * kPageSize;
      put(std::as_bytes(std::span(&header, 1)));
      stage_ = Stage::kManifest;
      return ok_status();
    }
    case Stage::kManifest:
      return write_manifest();
    case Stage::kPages:
      return write_pages();
    case Stage::kEnd: {
      const export_format::Digest digest = digest_of(hash_.hex());
      out_.append(digest.data(), digest.size());
      stage_ = Stage::kDone;
      return ok_status();
    }
    case Stage::kDone:
      break;
  }
  return ok_status();
}

Result<std::string> ExportWriter::next() {
  out_.clear();
  for (std::size_t read = 0; stage_ != Stage::kDone && out_.size() < kPiece; read += kChunk) {
    if (read >= kMaxRead && !out_.empty()) break;
    SKERRY_TRY(advance());
  }
  return std::move(out_);
}

double ExportWriter::fraction() const {
  if (pages_count_ == 0) return 1;
  return static_cast<double>(pages_done_) / static_cast<double>(pages_count_);
}

}  // namespace skerry::image
