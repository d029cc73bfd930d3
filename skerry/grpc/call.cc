// SPDX-License-Identifier: Apache-2.0
#include "skerry/grpc/call.h"

#include <utility>

#include "skerry/grpc/message_budget.h"
#include "skerry/grpc/protocol.h"

namespace skerry::grpc {
namespace {

using boost::asio::awaitable;

// What takes longer than a millisecond to parse is not the event loop's to do.
constexpr std::size_t kParsedOnLoop = 64 * 1024;

}  // namespace

void Call::compress(Coding coding) {
  const std::string_view accepted = metadata().get("grpc-accept-encoding");
  if (accepted.find(name_of(coding)) != accepted.npos) own_coding_ = coding;
}

awaitable<Result<std::optional<std::string>>> Call::read() {
  for (;;) {
    auto message = reader_.next();
    stream_->set_held(reader_.held() + kept_);
    if (!message.ok()) co_return message.status();
    if (*message) {
      was_compressed_ = (*message)->is_compressed;
      if (!was_compressed_) co_return std::move((*message)->bytes);
      if (coding_ == Coding::kIdentity) {
        co_return absl::InternalError("a message is compressed, and grpc-encoding names no coding");
      }
      // How much comes out is known when it has come.
      auto work = [&] { return decompressed((*message)->bytes, coding_, options_.max_message); };
      auto decompressing = pool_.run(principal_.tenant, std::move(work));
      auto bytes = co_await std::move(decompressing);
      if (!bytes.ok()) co_return bytes.status();
      co_return *std::move(bytes);
    }
    auto reading = stream_->read(options_.patience);
    const auto bytes = co_await std::move(reading);
    if (!bytes.ok()) co_return bytes.status();
    if (bytes->empty() && reader_.has_rest()) {
      co_return absl::InternalError("the call's last message is cut off");
    }
    if (bytes->empty()) co_return std::nullopt;
    reader_.add(*bytes);
  }
}

awaitable<Result<bool>> Call::read(google::protobuf::Message& message) {
  auto reading = read();
  auto bytes = co_await std::move(reading);
  if (!bytes.ok()) co_return bytes.status();
  if (!*bytes) co_return false;
  auto work = [&]() -> Status {
    SKERRY_TRY(check_message(**bytes, *message.GetDescriptor()));
    if (message.ParseFromString(**bytes)) return ok_status();
    return absl::InternalError("a message is no " + message.GetTypeName());
  };
  Status parsed;
  if ((*bytes)->size() <= kParsedOnLoop) {
    parsed = work();
  } else {
    auto parsing = pool_.run(principal_.tenant, std::move(work));
    parsed = co_await std::move(parsing);
  }
  if (!parsed.ok()) co_return parsed;
  co_return true;
}

void Call::respond(http::Http2Stream::End end) {
  http::Headers headers{{"content-type", "application/grpc"},
                        {"grpc-accept-encoding", std::string(kAcceptedCodings)}};
  if (own_coding_ != Coding::kIdentity) {
    headers.add("grpc-encoding", std::string(name_of(own_coding_)));
  }
  for (const auto& [name, value] : initial_) headers.add(name, value);
  if (end == http::Http2Stream::End::kYes) {
    for (const auto& [name, value] : trailers_) headers.add(name, value);
  }
  stream_->respond(200, headers, end);
}

void Call::write(const google::protobuf::MessageLite& message) {
  if (is_finished_) return;
  if (!stream_->has_responded()) respond(http::Http2Stream::End::kNo);
  stream_->write(framed(message, own_coding_));
}

void Call::write_last(const google::protobuf::MessageLite& message) {
  if (is_finished_) return;
  if (!stream_->has_responded()) respond(http::Http2Stream::End::kNo);
  stream_->queue(framed(message, own_coding_));
}

void Call::finish(const Status& status) {
  if (std::exchange(is_finished_, true)) return;
  http::Headers trailers = trailers_of(status);
  for (const auto& [name, value] : trailers_) trailers.add(name, value);
  trailers_ = std::move(trailers);
  if (stream_->has_responded()) {
    stream_->finish(trailers_);
  } else if (status.ok()) {
    respond(http::Http2Stream::End::kNo);
    stream_->finish(trailers_);
  } else {
    respond(http::Http2Stream::End::kYes);  // trailers alone
  }
}

}  // namespace skerry::grpc
