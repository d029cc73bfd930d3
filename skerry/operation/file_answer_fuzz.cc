// SPDX-License-Identifier: Apache-2.0
// Reads any bytes as a worker's answer, to a request whose kind the first byte says. What is taken
// is written and read again, and must then be the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "skerry/operation/codec.h"
#include "skerry/operation/test_requests.h"

using namespace skerry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto kRequests = operation::testing::one_of_each();
  if (size == 0) return 0;
  const operation::Request& request = kRequests[data[0] % kRequests.size()];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto response = operation::decode_response(bytes, request);
  if (!response.ok()) return 0;
  const std::string again = operation::encode(response);
  const auto same = operation::decode_response(again, request);
  if (!same.ok() || operation::encode(same) != again) std::abort();
  return 0;
}
