// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/os/notify_socket.h"

#include <cstddef>
#include <cstdlib>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "skerry/base/test_directory.h"

namespace skerry {
namespace {

/// The manager's end.
class Manager {
 public:
  explicit Manager(std::string path) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, path.size());
    if (path.front() == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), length), 0);
  }

  std::string heard() const {
    std::string text(4096, '\0');
    const ssize_t got = ::recv(fd_.get(), text.data(), text.size(), MSG_DONTWAIT);
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return text;
  }

 private:
  OwnedFd fd_;
};

class NotifySocketTest : public ::testing::Test {
 protected:
  ~NotifySocketTest() override {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  }
  static Result<NotifySocket> told(const std::string& path, const char* time = nullptr,
                                   const std::string& pid = {}) {
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    if (time != nullptr) ::setenv("WATCHDOG_USEC", time, 1);
    if (!pid.empty()) ::setenv("WATCHDOG_PID", pid.c_str(), 1);
    return NotifySocket::take_from_environment();
  }

  const TestDirectory directory_;
};

TEST_F(NotifySocketTest, WithoutManagerNobodyIsTold) {
  ::setenv("WATCHDOG_USEC", "1000000", 1);
  const auto notify = NotifySocket::take_from_environment();
  ASSERT_TRUE(notify.ok()) << notify.status();
  EXPECT_TRUE(notify->tell("READY=1").ok());
  EXPECT_FALSE(notify->watchdog());
}

TEST_F(NotifySocketTest, TellsThroughAPathAndThroughAnAbstractName) {
  for (const std::string& path :
       {(directory_ / "notify").string(), "@skerry-notify-test-" + std::to_string(::getpid())}) {
    const Manager manager(path);
    const auto notify = told(path);
    ASSERT_TRUE(notify.ok()) << notify.status();
    ASSERT_TRUE(notify->tell("READY=1\nSTATUS=x").ok());
    EXPECT_EQ(manager.heard(), "READY=1\nSTATUS=x");
    ASSERT_TRUE(notify->tell_reloading().ok());
    EXPECT_TRUE(manager.heard().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  }
}

TEST_F(NotifySocketTest, TakesItsVariablesOutOfTheEnvironment) {
  const std::string path = directory_ / "notify";
  const auto notify = told(path, "30000000", std::to_string(::getpid()));
  ASSERT_TRUE(notify.ok()) << notify.status();
  EXPECT_EQ(notify->watchdog(), std::chrono::seconds(30));
  for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) {
    EXPECT_EQ(std::getenv(name), nullptr) << name;
  }
}

TEST_F(NotifySocketTest, AnotherProcessSWatchdogIsNotOurs) {
  const auto notify = told(directory_ / "notify", "30000000", std::to_string(::getppid()));
  ASSERT_TRUE(notify.ok()) << notify.status();
  EXPECT_FALSE(notify->watchdog());
}

TEST_F(NotifySocketTest, NamesTheVariableThatIsWrong) {
  for (const std::string& path : {std::string("relative"), std::string("@"),
                                  std::string("vsock:2:1"), "/" + std::string(120, 'x')}) {
    EXPECT_EQ(told(path).status().code(), StatusCode::kInvalidArgument) << path;
  }
  for (const char* time : {"0", "-1", "x", "1e6", "99999999999999999999"}) {
    const auto notify = told(directory_ / "notify", time);
    ASSERT_FALSE(notify.ok()) << time;
    EXPECT_NE(notify.status().message().find("WATCHDOG_USEC"), std::string_view::npos) << time;
  }
}

TEST_F(NotifySocketTest, AManagerThatIsGoneIsAnErrorAndNoSignal) {
  const auto notify = told(directory_ / "nobody");
  ASSERT_TRUE(notify.ok()) << notify.status();
  EXPECT_EQ(notify->tell("READY=1").code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace skerry
