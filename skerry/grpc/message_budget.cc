// SPDX-License-Identifier: Apache-2.0
#include "skerry/grpc/message_budget.h"

#include <cstdint>
#include <string>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

namespace skerry::grpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// As Protobuf's parser has it.
constexpr int kMaxDepth = 100;

class Counter {
 public:
  explicit Counter(std::string_view bytes)
      : input_(reinterpret_cast<const std::uint8_t*>(bytes.data()),  // NOLINT(*-reinterpret-cast)
               static_cast<int>(bytes.size())) {}

  Status count(const Descriptor& type, int depth) {
    if (depth > kMaxDepth) return absl::InvalidArgumentError("messages in each other too deep");
    while (const std::uint32_t tag = input_.ReadTagNoLastTag()) {
      if (++values_ > kMaxValues) {
        return absl::InvalidArgumentError("the message has more than " +
                                          std::to_string(kMaxValues) + " values");
      }
      const auto* field = type.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
      const bool is_message =
          field != nullptr && field->type() == FieldDescriptor::TYPE_MESSAGE &&
          WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
      if (is_message) {
        SKERRY_TRY(count_inside(*field->message_type(), depth));
      } else if (!WireFormatLite::SkipField(&input_, tag)) {
        return no_message();
      }
    }
    return input_.ConsumedEntireMessage() || depth > 0 ? ok_status() : no_message();
  }

 private:
  static Status no_message() { return absl::InternalError("a message is none"); }

  Status count_inside(const Descriptor& type, int depth) {
    std::uint32_t size = 0;
    if (!input_.ReadVarint32(&size) || size > static_cast<std::uint32_t>(INT32_MAX)) {
      return no_message();
    }
    if (input_.BytesUntilLimit() >= 0 && static_cast<int>(size) > input_.BytesUntilLimit()) {
      return no_message();
    }
    const auto outer = input_.PushLimit(static_cast<int>(size));
    SKERRY_TRY(count(type, depth + 1));
    if (input_.BytesUntilLimit() != 0) return no_message();
    input_.PopLimit(outer);
    return ok_status();
  }

  CodedInputStream input_;
  std::size_t values_ = 0;
};

}  // namespace

Status check_message(std::string_view bytes, const Descriptor& type) {
  Counter counter(bytes);
  return counter.count(type, 0);
}

}  // namespace skerry::grpc
