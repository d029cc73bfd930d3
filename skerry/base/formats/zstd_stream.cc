// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/formats/zstd_stream.h"

#include <string>
#include <utility>
#include <zstd.h>

namespace skerry {
namespace {

// 2 to the 23rd: what levels up to 19 use, and all that a reader will allocate.
constexpr int kWindowLog = 23;
// Memory compresses to a fifth at 400 MB/s; higher levels cost time and gain little.
constexpr int kLevel = 3;

Status damaged(std::string_view what) {
  return absl::DataLossError("the compressed part " + std::string(what));
}

}  // namespace

void ZstdWriter::Free::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }
void ZstdReader::Free::operator()(ZSTD_DCtx_s* context) const { ZSTD_freeDCtx(context); }

ZstdWriter::ZstdWriter(Sink sink)
    : sink_(std::move(sink)), context_(ZSTD_createCCtx()), buffer_(ZSTD_CStreamOutSize()) {
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
}

Status ZstdWriter::write(std::span<const std::byte> bytes) { return feed(bytes, Mode::kContinue); }

Status ZstdWriter::finish() { return feed({}, Mode::kEnd); }

Status ZstdWriter::feed(std::span<const std::byte> bytes, Mode mode) {
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  for (;;) {
    ZSTD_outBuffer out{buffer_.data(), buffer_.size(), 0};
    const std::size_t left = ZSTD_compressStream2(
        context_.get(), &out, &in, mode == Mode::kEnd ? ZSTD_e_end : ZSTD_e_continue);
    if (ZSTD_isError(left) != 0) {
      return absl::InternalError(std::string("compressing: ") + ZSTD_getErrorName(left));
    }
    SKERRY_TRY(sink_(std::span(buffer_).first(out.pos)));
    if (mode == Mode::kEnd ? left == 0 : in.pos == in.size) return ok_status();
  }
}

ZstdReader::ZstdReader(Source source)
    : source_(std::move(source)), context_(ZSTD_createDCtx()), buffer_(ZSTD_DStreamInSize()) {
  ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kWindowLog);
}

Result<std::size_t> ZstdReader::read_some(std::span<std::byte> to) {
  ZSTD_outBuffer out{to.data(), to.size(), 0};
  while (out.pos < out.size && !has_ended_) {
    if (input_.empty()) {
      SKERRY_ASSIGN(const std::size_t got, source_(buffer_));
      if (got == 0) return damaged("ends early");
      input_ = std::span(buffer_).first(got);
    }
    ZSTD_inBuffer in{input_.data(), input_.size(), 0};
    const std::size_t left = ZSTD_decompressStream(context_.get(), &out, &in);
    if (ZSTD_isError(left) != 0) return damaged(std::string("is none: ") + ZSTD_getErrorName(left));
    input_ = input_.subspan(in.pos);
    has_ended_ = left == 0;
  }
  return out.pos;
}

Status ZstdReader::read(std::span<std::byte> to) {
  SKERRY_ASSIGN(const std::size_t got, read_some(to));
  return got == to.size() ? ok_status() : damaged("holds less than it should");
}

Status ZstdReader::finish() {
  std::byte beyond{};
  SKERRY_ASSIGN(const std::size_t got, read_some({&beyond, 1}));
  if (got > 0) return damaged("holds more than it should");
  if (!input_.empty()) return damaged("has bytes behind it");
  SKERRY_ASSIGN(const std::size_t more, source_(buffer_));
  return more == 0 ? ok_status() : damaged("has bytes behind it");
}

}  // namespace skerry
