// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/tls/tls.h"

#include <gtest/gtest.h>

namespace skerry::http {
namespace {

using boost::asio::ssl::context;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::shared_ptr<Tls::Identity> with_signatures_of(milliseconds time) {
  return std::make_shared<Tls::Identity>(
      Tls::Identity{.certificates = {.signature = time}, .context = context(context::tls_server)});
}

TEST(TlsTest, HandshakesGetHalfOfTheTimeAtMost) {
  Tls tls(with_signatures_of(milliseconds(5)));
  const Tls::Clock::time_point begin{seconds(100)};
  int begun = 0;
  while (tls.handshake_time(begin, begin + seconds(1))) ++begun;
  EXPECT_GT(begun, 80);
  EXPECT_LE(begun, 101);
}

TEST(TlsTest, WhoComesAloneDoesNotWait) {
  Tls tls(with_signatures_of(milliseconds(5)));
  Tls::Clock::time_point now{seconds(100)};
  for (int i = 0; i < 3; ++i, now += milliseconds(20)) EXPECT_EQ(tls.handshake_time(now, now), now);
}

TEST(TlsTest, AnIdentityThatIsReplacedLivesForThoseWhoHaveIt) {
  Tls tls(with_signatures_of(milliseconds(1)));
  const auto before = tls.identity();
  tls.take(with_signatures_of(milliseconds(2)));
  EXPECT_EQ(before->certificates.signature, milliseconds(1));
  EXPECT_EQ(tls.identity()->certificates.signature, milliseconds(2));
}

TEST(TlsTest, FilesThatCannotBeReadAreNamed) {
  const auto none = Tls::load({.certificate = "/none.pem", .key = "/none.key"});
  EXPECT_EQ(none.status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace skerry::http
