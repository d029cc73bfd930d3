// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/address.h"

#include <gtest/gtest.h>

namespace skerry::http {
namespace {

TEST(AddressTest, TellsHostPortAndWhoCanReachIt) {
  for (const auto& [text, host, port, is_loopback] :
       {std::tuple("127.0.0.1:8000", "127.0.0.1", 8000, true),
        std::tuple("[::1]:0", "::1", 0, true),
        std::tuple("localhost:65535", "localhost", 65535, true),
        std::tuple("127.9.9.9:1", "127.9.9.9", 1, true),
        std::tuple("0.0.0.0:80", "0.0.0.0", 80, false), std::tuple("[::]:80", "::", 80, false),
        std::tuple("example.org:80", "example.org", 80, false)}) {
    const auto address = Address::parse(text);
    ASSERT_TRUE(address.ok()) << text;
    EXPECT_EQ(address->host(), host);
    EXPECT_EQ(address->port(), port);
    EXPECT_EQ(address->is_loopback(), is_loopback) << text;
  }
  EXPECT_EQ(Address::parse("[::1]:0").value().with_port(7), "[::1]:7");
}

TEST(AddressTest, WhatIsNoneIsRefused) {
  for (const char* bad : {"", ":", "8000", ":8000", "host:", "host:x", "host:-1", "host:65536",
                          "host:80 ", "::1:80", "a b:80", "[::1]80"}) {
    EXPECT_EQ(Address::parse(bad).status().code(), StatusCode::kInvalidArgument) << bad;
  }
}

}  // namespace
}  // namespace skerry::http
