// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <google/protobuf/message_lite.h>

#include "skerry/base/status.h"

// Messages in the body of a call: a byte that says whether the message is compressed, its length in
// four bytes, big end first, and the message.
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md

namespace skerry::grpc {

/// The codings of messages that are understood.
enum class Coding { kIdentity, kGzip, kDeflate };
inline constexpr std::string_view kAcceptedCodings = "identity,gzip,deflate";

/// kUnimplemented for a coding that is not understood; an empty name is identity.
Result<Coding> coding_of(std::string_view name);
std::string_view name_of(Coding coding);

/// Takes messages out of the bytes of a body. Confined to one thread.
class MessageReader {
 public:
  /// Messages have at most `most` bytes.
  explicit MessageReader(std::size_t most) : most_(most) {}

  void add(std::string_view bytes) { buffer_ += bytes; }

  struct Message {
    bool is_compressed = false;
    std::string bytes;
  };
  /// The next message if it is complete. kResourceExhausted as soon as its length is known to be
  /// too large; kInternal when the bytes are no message.
  Result<std::optional<Message>> next();

  /// Whether bytes are left that are no message yet.
  bool has_rest() const { return head_.has_value() || at_ < buffer_.size(); }
  /// Bytes of memory that are in use.
  std::size_t held() const { return buffer_.capacity(); }

 private:
  struct Head {
    bool is_compressed = false;
    std::size_t length = 0;
  };

  std::size_t most_;
  std::string buffer_;
  std::size_t at_ = 0;        // before it, what was taken
  std::optional<Head> head_;  // of the message whose bytes come
};

/// A message as it goes over the wire.
std::string framed(const google::protobuf::MessageLite& message, Coding coding);
std::string framed(std::string_view message, Coding coding);

/// The message that was compressed. kResourceExhausted when it has more than `most` bytes: nothing
/// beyond them is produced; kInternal when it is not in that coding.
Result<std::string> decompressed(std::string_view bytes, Coding coding, std::size_t most);

}  // namespace skerry::grpc
