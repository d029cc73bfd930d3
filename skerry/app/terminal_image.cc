// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/terminal_image.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>

#include <absl/strings/escaping.h>
#include <fmt/format.h>

#include "skerry/base/bytes.h"
#include "skerry/base/os/fd.h"
#include "skerry/base/os/file.h"

namespace skerry::app {

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
