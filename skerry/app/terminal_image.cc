// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/terminal_image.h"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <absl/strings/escaping.h>
#include <fmt/format.h>

#include "skerry/base/bytes.h"
#include "skerry/base/os/fd.h"
#include "skerry/base/os/file.h"

namespace skerry::app {
namespace {

// Local terminals answer in a millisecond, those behind a slow line in a few hundred.
constexpr std::chrono::milliseconds kAnswerTime{500};
constexpr std::size_t kMaxAnswer = 256;

const char* variable(const char* name) { return std::getenv(name); }

/// Reads what a guest says are sixels.
class SixelReader {
 public:
  explicit SixelReader(std::string_view text) : rest_(text) {}

  Status check() {
    unsigned width = 0;
    unsigned height = 0;
    if (!take("\"1;1;") || !number(1, kMaxSide, width) || !take(";") ||
        !number(1, kMaxSide, height)) {
      return absl::InvalidArgumentError("sixels that do not begin with their size, 1 to 4096");
    }
    unsigned column = 0;
    for (unsigned row = 0; !rest_.empty();) {
      if (take("#")) {
        if (!colour()) return absl::InvalidArgumentError("sixels with a colour that is none");
      } else if (take("$")) {
        column = 0;
      } else if (take("-")) {
        column = 0;
        row += kRows;
      } else {
        unsigned times = 1;
        if ((take("!") && !number(1, kMaxSide, times)) || !is_pixels()) {
          return absl::InvalidArgumentError("sixels with a character that is none");
        }
        rest_.remove_prefix(1);
        column += times;
      }
      if (column > width || row >= height + kRows) {
        return absl::InvalidArgumentError(
            fmt::format("sixels beyond their size, {} by {}", width, height));
      }
    }
    return ok_status();
  }

 private:
  static constexpr unsigned kMaxSide = 4096;
  static constexpr unsigned kRows = 6;

  bool is_pixels() const { return !rest_.empty() && rest_[0] >= '?' && rest_[0] <= '~'; }
  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  bool number(unsigned low, unsigned high, unsigned& value) {
    value = 0;
    std::size_t digits = 0;
    for (; digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9'; ++digits) {
      value = value * 10 + static_cast<unsigned>(rest_[digits] - '0');
      if (value > high) return false;
    }
    rest_.remove_prefix(digits);
    return digits > 0 && value >= low;
  }
  /// A colour that is used from here on, perhaps after what it is: percents of red, green and blue.
  bool colour() {
    unsigned value = 0;
    if (!number(0, 255, value)) return false;
    if (!take(";")) return true;
    if (!take("2")) return false;
    for (int each = 0; each < 3; ++each) {
      if (!take(";") || !number(0, 100, value)) return false;
    }
    return true;
  }

  std::string_view rest_;
};

/// A terminal that hands on each character as it comes and shows none, until this ends.
class RawTerminal {
 public:
  explicit RawTerminal(int fd) : fd_(fd), is_raw_(::tcgetattr(fd, &before_) == 0) {
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    is_raw_ = is_raw_ && ::tcsetattr(fd, TCSANOW, &raw) == 0;
  }
  ~RawTerminal() {
    if (is_raw_) ::tcsetattr(fd_, TCSANOW, &before_);
  }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;
  bool is_raw() const { return is_raw_; }

 private:
  int fd_;
  termios before_{};
  bool is_raw_;
};

/// Whether this process may change the terminal and read from it: it is in the foreground, or the
/// terminal has no jobs.
bool is_in_foreground(int terminal) {
  const pid_t group = ::tcgetpgrp(terminal);
  return group < 0 || group == ::getpgrp();
}

/// Asks for the primary attributes; nothing for a terminal that cannot be asked now.
std::optional<bool> ask_for_sixels(int terminal) {
  if ((::fcntl(terminal, F_GETFL) & O_ACCMODE) != O_RDWR || !is_in_foreground(terminal)) {
    return std::nullopt;
  }
  const RawTerminal raw(terminal);
  int typed = 0;
  if (!raw.is_raw() || ::ioctl(terminal, FIONREAD, &typed) != 0 || typed > 0) return std::nullopt;
  constexpr std::string_view kQuestion = "\x1b[c";
  if (!write_all(terminal, as_bytes(kQuestion)).ok()) return std::nullopt;
  const auto deadline = std::chrono::steady_clock::now() + kAnswerTime;
  std::string answer;
  while (answer.size() < kMaxAnswer) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd ready{.fd = terminal, .events = POLLIN, .revents = 0};
    if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) <= 0) break;
    char byte = 0;
    if (::read(terminal, &byte, 1) != 1) break;
    answer += byte;
    if (const auto has_sixels = names_sixels(answer)) return has_sixels;
  }
  return false;
}

}  // namespace

std::optional<ImageProtocol> image_protocol(
    const std::function<const char*(const char* name)>& variable) {
  const auto value = [&](const char* name) {
    const char* text = variable(name);
    return std::string_view(text == nullptr ? "" : text);
  };
  if (!value("TMUX").empty() || !value("STY").empty()) return std::nullopt;
  const std::string_view program = value("TERM_PROGRAM");
  if (!value("KITTY_WINDOW_ID").empty() || value("TERM") == "xterm-kitty" || program == "ghostty" ||
      !value("KONSOLE_VERSION").empty()) {
    return ImageProtocol::kKitty;
  }
  if (program == "iTerm.app" || program == "WezTerm" || program == "mintty" ||
      program == "vscode" || value("LC_TERMINAL") == "iTerm2") {
    return ImageProtocol::kITerm;
  }
  return std::nullopt;
}

std::string image_escape(ImageProtocol protocol, std::string_view png) {
  const std::string text = absl::Base64Escape(absl::string_view(png.data(), png.size()));
  if (protocol == ImageProtocol::kITerm) {
    return fmt::format("\x1b]1337;File=inline=1;size={}:{}\a\n", png.size(), text);
  }
  constexpr std::size_t kPiece = 4096;  // as the protocol has it
  std::string escape;
  for (std::size_t at = 0; at < text.size(); at += kPiece) {
    const bool is_last = at + kPiece >= text.size();
    escape += fmt::format("\x1b_G{}m={};{}\x1b\\", at == 0 ? "a=T,f=100," : "", is_last ? 0 : 1,
                          std::string_view(text).substr(at, kPiece));
  }
  return escape + "\n";
}

Result<std::string> sixel_escape(std::string_view body) {
  SKERRY_TRY(SixelReader(body).check());
  // Pixels that are not set stay as they are.
  return fmt::format("\x1bP0;1;0q{}\x1b\\\n", body);
}

std::optional<bool> names_sixels(std::string_view answer) {
  constexpr std::string_view kBeginning = "\x1b[?";
  const auto begin = answer.find(kBeginning);
  if (begin == answer.npos) return std::nullopt;
  std::string_view attributes = answer.substr(begin + kBeginning.size());
  const auto end = attributes.find_first_not_of("0123456789;");
  if (end == attributes.npos) return std::nullopt;
  if (attributes[end] != 'c') return false;
  return fmt::format(";{};", attributes.substr(0, end)).find(";4;") != std::string::npos;
}

bool TerminalImages::may_be_sixels() const {
  if (choice_ != "auto") return choice_ == "sixel";
  const char* const terminal = variable("TERM");
  return ::isatty(fd_) == 1 && terminal != nullptr && *terminal != '\0' &&
         std::string_view(terminal) != "dumb" && !image_protocol(variable);
}

std::optional<ImageProtocol> TerminalImages::protocol(bool may_be_asked) {
  if (choice_ == "kitty") return ImageProtocol::kKitty;
  if (choice_ == "iterm2") return ImageProtocol::kITerm;
  if (choice_ == "sixel") return ImageProtocol::kSixel;
  if (choice_ != "auto" || ::isatty(fd_) != 1) return std::nullopt;
  if (const auto told = image_protocol(variable)) return told;
  if (!may_be_sixels()) return std::nullopt;
  if (!has_sixels_ && may_be_asked) has_sixels_ = ask_for_sixels(fd_);
  return has_sixels_.value_or(false) ? std::optional(ImageProtocol::kSixel) : std::nullopt;
}

Result<std::filesystem::path> ImageFiles::add(std::string_view ending, std::string_view content) {
  constexpr int kMaxNames = 10'000;
  if (directory_.empty()) {
    const char* const parent = std::getenv("TMPDIR");
    std::string name =
        (parent == nullptr || *parent == '\0' ? std::string("/tmp") : parent) + "/skerry-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) return errno_status(errno, "mkdtemp", name);
    directory_ = name;
  }
  while (++count_ <= kMaxNames) {
    std::filesystem::path path = directory_ / fmt::format("image-{}.{}", count_, ending);
    const OwnedFd file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
    if (!file.is_open() && errno == EEXIST) continue;
    if (!file.is_open()) return errno_status(errno, "open", path.native());
    SKERRY_TRY(annotate(write_all(file.get(), as_bytes(content)), path.native()));
    return path;
  }
  return absl::AlreadyExistsError(directory_.native() + " has too many images");
}

}  // namespace skerry::app
