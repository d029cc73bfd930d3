// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <google/protobuf/descriptor.h>

#include "skerry/base/status.h"
#include "skerry/grpc/call.h"

namespace skerry::grpc {

/// Who may call a method. There is no default: a method cannot be added without saying it.
enum class Access {
  kKey,   ///< a valid key, where keys are needed
  kRun,   ///< the same with the permission to run code
  kOpen,  ///< everyone
};

/// What a method is apart from what it does. A value.
struct MethodOptions {
  Access access;
  std::size_t max_message = kDefaultMaxMessage;
};

/// Sends the messages of a streamed response.
template <typename Response>
class Writer {
 public:
  explicit Writer(Call& call) : call_(call) {}
  void send(const Response& message) { call_.write(message); }
  std::size_t unsent() const { return call_.unsent(); }
  /// Until no more than `most` bytes wait. False when the client has given up.
  boost::asio::awaitable<bool> drained(std::size_t most = 0) { return call_.drained(most); }

 private:
  Call& call_;
};

/// Methods under a service's name. Handlers are coroutines of the event loop, cancelled when their
/// client gives up or its deadline has passed. A method of the description that is not added
/// answers UNIMPLEMENTED.
class Service {
 public:
  using Work = boost::asio::awaitable<Status>;
  struct Method {
    MethodOptions options;
    bool streams_requests = false;
    bool streams_responses = false;
    std::function<Work(Call& call)> handle;
  };

  /// `descriptor` is that of the service in its .proto file.
  explicit Service(const google::protobuf::ServiceDescriptor* descriptor)
      : descriptor_(descriptor) {}
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  virtual ~Service() = default;

  const std::string& name() const { return descriptor_->full_name(); }
  const google::protobuf::ServiceDescriptor* descriptor() const { return descriptor_; }
  /// Null when there is none of this name.
  const Method* find(std::string_view method) const {
    const auto found = methods_.find(method);
    return found == methods_.end() ? nullptr : &found->second;
  }

 protected:
  /// One message in, one out.
  template <typename Request, typename Response, typename Handler>
  void unary(const char* name, MethodOptions options, Handler handler) {
    add(name, options, Request::descriptor(), Response::descriptor(),
        [handler = std::move(handler)](Call& call) -> Work {
          Request request;
          auto reading = read_one(call, request);
          if (Status read = co_await std::move(reading); !read.ok()) co_return read;
          Response response;
          auto handling = handler(call, request, response);
          Status status = co_await std::move(handling);
          if (status.ok()) call.write_last(response);
          co_return status;
        });
  }

  /// One message in, many out.
  template <typename Request, typename Response, typename Handler>
  void streamed(const char* name, MethodOptions options, Handler handler) {
    add(name, options, Request::descriptor(), Response::descriptor(),
        [handler = std::move(handler)](Call& call) -> Work {
          Request request;
          auto reading = read_one(call, request);
          if (Status read = co_await std::move(reading); !read.ok()) co_return read;
          Writer<Response> writer(call);
          auto handling = handler(call, request, writer);
          co_return co_await std::move(handling);
        });
  }

  /// Many messages in, which the handler reads from the call itself, one out.
  template <typename Request, typename Response, typename Handler>
  void collected(const char* name, MethodOptions options, Handler handler) {
    add(name, options, Request::descriptor(), Response::descriptor(),
        [handler = std::move(handler)](Call& call) -> Work {
          Response response;
          auto handling = handler(call, response);
          Status status = co_await std::move(handling);
          if (status.ok()) call.write_last(response);
          co_return status;
        });
  }

  /// Messages both ways: the handler reads them from the call itself.
  template <typename Request, typename Response, typename Handler>
  void bidirectional(const char* name, MethodOptions options, Handler handler) {
    add(name, options, Request::descriptor(), Response::descriptor(),
        [handler = std::move(handler)](Call& call) -> Work {
          Writer<Response> writer(call);
          auto handling = handler(call, writer);
          co_return co_await std::move(handling);
        });
  }

  /// A method that answers UNIMPLEMENTED with a reason.
  void unimplemented(const char* name, const char* why);

 private:
  /// The only message of a call. kInternal when there is none.
  static Work read_one(Call& call, google::protobuf::Message& request);
  void add(const char* name, MethodOptions options, const google::protobuf::Descriptor* request,
           const google::protobuf::Descriptor* response, std::function<Work(Call&)> handle);

  const google::protobuf::ServiceDescriptor* descriptor_;
  std::map<std::string, Method, std::less<>> methods_;
};

}  // namespace skerry::grpc
