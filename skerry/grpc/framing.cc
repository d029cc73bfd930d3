// SPDX-License-Identifier: Apache-2.0
#include "skerry/grpc/framing.h"

#include <algorithm>
#include <utility>
#include <zlib.h>

#include <fmt/format.h>

namespace skerry::grpc {
namespace {

constexpr std::size_t kPrefix = 5;
constexpr std::size_t kInflated = 64 * 1024;  // at once

// zlib's parameter for a window of 32 KiB, and what chooses the format beside it.
constexpr int kWindow = 15;
constexpr int kGzipFormat = 16;

int window_of(Coding coding) { return coding == Coding::kGzip ? kWindow + kGzipFormat : kWindow; }

std::uint32_t length_in(std::string_view prefix) {
  std::uint32_t length = 0;
  for (const char c : prefix.substr(1, 4)) length = length << 8 | static_cast<unsigned char>(c);
  return length;
}

void set_prefix(std::string& frame, bool is_compressed) {
  const auto length = static_cast<std::uint32_t>(frame.size() - kPrefix);
  frame[0] = is_compressed ? '\1' : '\0';
  for (std::size_t i = 0; i < 4; ++i) {
    frame[1 + i] = static_cast<char>(length >> (24 - 8 * i) & 0xFF);
  }
}

Bytef* bytes_of(std::string_view text) {
  // zlib reads from it alone.
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
}

std::string compressed(std::string_view message, Coding coding) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, window_of(coding), MAX_MEM_LEVEL,
               Z_DEFAULT_STRATEGY);
  std::string frame(kPrefix + deflateBound(&stream, message.size()), '\0');
  stream.next_in = bytes_of(message);
  stream.avail_in = static_cast<uInt>(message.size());
  stream.next_out = reinterpret_cast<Bytef*>(frame.data() + kPrefix);
  stream.avail_out = static_cast<uInt>(frame.size() - kPrefix);
  ::deflate(&stream, Z_FINISH);
  frame.resize(kPrefix + stream.total_out);
  deflateEnd(&stream);
  set_prefix(frame, true);
  return frame;
}

}  // namespace

Result<Coding> coding_of(std::string_view name) {
  for (const Coding each : {Coding::kIdentity, Coding::kGzip, Coding::kDeflate}) {
    if (name == name_of(each)) return each;
  }
  if (name.empty()) return Coding::kIdentity;
  return absl::UnimplementedError(
      fmt::format("messages in grpc-encoding \"{}\" are not understood, only {}",
                  name.substr(0, 32), kAcceptedCodings));
}

std::string_view name_of(Coding coding) {
  switch (coding) {
    case Coding::kIdentity:
      return "identity";
    case Coding::kGzip:
      return "gzip";
    case Coding::kDeflate:
      return "deflate";
  }
  return "identity";
}

Result<std::optional<MessageReader::Message>> MessageReader::next() {
  if (!head_) {
    const std::string_view rest = std::string_view(buffer_).substr(at_);
    if (rest.size() < kPrefix) {
      buffer_.erase(0, std::exchange(at_, 0));
      return std::nullopt;
    }
    const auto flag = static_cast<unsigned char>(rest[0]);
    if (flag > 1) return absl::InternalError("a message begins with neither 0 nor 1");
    const std::size_t length = length_in(rest);
    if (length > most_) {
      return absl::ResourceExhaustedError(
          fmt::format("a message of {} bytes, expected at most {}", length, most_));
    }
    at_ += kPrefix;
    head_ = Head{.is_compressed = flag == 1, .length = length};
  }
  const std::size_t length = head_->length;
  if (buffer_.size() - at_ < length) {
    buffer_.erase(0, std::exchange(at_, 0));
    // Grows once, and not before much is there: the length is the client's word.
    if (buffer_.size() > length / 8) buffer_.reserve(length);
    return std::nullopt;
  }
  Message message{.is_compressed = head_->is_compressed, .bytes = {}};
  head_.reset();
  if (at_ == 0 && buffer_.size() == length) {
    message.bytes = std::exchange(buffer_, {});  // a large one is not copied
  } else {
    message.bytes = buffer_.substr(at_, length);
    at_ += length;
  }
  return message;
}

std::string framed(const google::protobuf::MessageLite& message, Coding coding) {
  std::string frame(kPrefix, '\0');
  message.AppendToString(&frame);
  if (coding != Coding::kIdentity) {
    return compressed(std::string_view(frame).substr(kPrefix), coding);
  }
  set_prefix(frame, false);
  return frame;
}

std::string framed(std::string_view message, Coding coding) {
  if (coding != Coding::kIdentity) return compressed(message, coding);
  std::string frame(kPrefix, '\0');
  frame += message;
  set_prefix(frame, false);
  return frame;
}

Result<std::string> decompressed(std::string_view bytes, Coding coding, std::size_t most) {
  z_stream stream{};
  if (inflateInit2(&stream, window_of(coding)) != Z_OK) {
    return absl::InternalError("no memory to decompress a message");
  }
  stream.next_in = bytes_of(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string message;
  int state = Z_OK;
  while (state == Z_OK && message.size() <= most) {
    const std::size_t before = message.size();
    message.resize(before + std::min(kInflated, most + 1 - before));
    stream.next_out = reinterpret_cast<Bytef*>(message.data() + before);
    stream.avail_out = static_cast<uInt>(message.size() - before);
    state = ::inflate(&stream, Z_NO_FLUSH);
    message.resize(message.size() - stream.avail_out);
    if (state == Z_BUF_ERROR || (state == Z_OK && stream.avail_in == 0 && stream.avail_out > 0)) {
      break;  // it ends in mid-stream
    }
  }
  const bool is_whole = state == Z_STREAM_END && stream.avail_in == 0;
  inflateEnd(&stream);
  if (message.size() > most) {
    return absl::ResourceExhaustedError(
        fmt::format("a message that decompresses to more than {} bytes", most));
  }
  if (!is_whole) return absl::InternalError("a message is not in the coding that it names");
  return message;
}

}  // namespace skerry::grpc
