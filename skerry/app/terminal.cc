// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/terminal.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <unistd.h>

#include <fmt/format.h>

#include "skerry/base/utf8.h"

namespace skerry::app {
namespace {

constexpr std::size_t kBarWidth = 30;

/// Characters as a terminal counts them: bytes that begin a code point.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

bool shows_colour(int fd) {
  const char* refused = std::getenv("NO_COLOR");
  return ::isatty(fd) == 1 && (refused == nullptr || *refused == '\0');
}

int report_failure(const Status& status) {
  const bool colour = shows_colour(STDERR_FILENO);
  std::fputs(fmt::format("{}skerry: {}{}\n", colour ? "\033[31m" : "", message_of(status),
                         colour ? "\033[0m" : "")
                 .c_str(),
             stderr);
  return 125;
}

SetUpProgress::SetUpProgress() : is_terminal_(::isatty(STDERR_FILENO) == 1) {}

SetUpProgress::~SetUpProgress() { finish_step(); }

void SetUpProgress::finish_step() {
  if (step_.empty()) return;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun_;
  std::fputs(fmt::format("{}skerry: {} … done in {:.1f} s\n", is_terminal_ ? "\r\033[K" : "", step_,
                         took.count())
                 .c_str(),
             stderr);
  step_.clear();
}

void SetUpProgress::step(const std::string& what) {
  finish_step();
  step_ = what;
  begun_ = std::chrono::steady_clock::now();
  if (is_terminal_) {
    progress(0);
  } else {
    std::fputs(fmt::format("skerry: {} …\n", what).c_str(), stderr);
  }
}

void SetUpProgress::damaged(const std::string& what) {
  finish_step();
  std::fputs(fmt::format("skerry: {}; making it anew\n", what).c_str(), stderr);
}

void SetUpProgress::progress(double fraction) {
  if (!is_terminal_ || step_.empty()) return;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun_;
  const auto filled = static_cast<std::size_t>(fraction * static_cast<double>(kBarWidth));
  std::string drawn;
  for (std::size_t i = 0; i < kBarWidth; ++i) drawn += i < filled ? "█" : "░";
  std::fputs(
      fmt::format("\r\033[K{} {} {:3.0f} %  {:.0f} s", step_, drawn, fraction * 100, took.count())
          .c_str(),
      stderr);
  std::fflush(stderr);
}

void SetUpProgress::lasts() {
  if (!is_terminal_ || step_.empty()) return;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun_;
  std::fputs(fmt::format("\r\033[K{} …  {:.0f} s", step_, took.count()).c_str(), stderr);
  std::fflush(stderr);
}

bool LateProgress::is_shown() {
  if (shown_) return true;
  if (std::chrono::steady_clock::now() - begun_ < std::chrono::seconds(1)) return false;
  shown_.emplace().step(what_);
  return true;
}

void LateProgress::progress(double fraction) {
  if (is_shown()) shown_->progress(fraction);
}

void LateProgress::lasts() {
  if (is_shown()) shown_->lasts();
}

std::string printable(std::string_view text) {
  std::string clean;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = [&](std::size_t ahead) {
      return at + ahead < text.size() ? static_cast<unsigned char>(text[at + ahead]) : 0U;
    };
    const unsigned first = byte(0);
    if (first < 0x20 || first == 0x7F) {
      clean += ' ';
    } else if (first == 0xC2 && byte(1) >= 0x80 && byte(1) < 0xA0) {  // U+0080 to U+009F
      clean += ' ';
      at += 1;
    } else if (first == 0xE2 && ((byte(1) == 0x80 && byte(2) >= 0xAA && byte(2) <= 0xAE) ||
                                 (byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9))) {
      clean += ' ';  // U+202A to U+202E, U+2066 to U+2069
      at += 2;
    } else {
      clean += text[at];
    }
  }
  return clean;
}

bool is_plain_text(std::string_view text) {
  std::string signs;
  std::ranges::copy_if(text, std::back_inserter(signs),
                       [](char c) { return c != '\n' && c != '\t'; });
  return is_utf8(text) && printable(signs) == signs;
}

std::string table(std::vector<std::vector<std::string>> rows) {
  std::vector<std::size_t> widths;
  for (auto& row : rows) {
    for (std::string& cell : row) cell = printable(cell);
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - width_of(row[i]) + 2, ' ');
    }
    text += line + "\n";
  }
  return text;
}

std::string shortened(std::string_view text, std::size_t most) {
  if (width_of(text) <= most) return std::string(text);
  std::size_t end = 0;
  for (std::size_t begun = 0; end < text.size(); ++end) {
    if ((text[end] & 0xC0) != 0x80 && ++begun > most) break;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::string bar(double value, double largest, std::size_t width) {
  std::string drawn;
  if (largest <= 0) return drawn;
  const auto eighths = static_cast<std::size_t>(
      std::lround(std::min(1.0, value / largest) * static_cast<double>(width) * 8));
  constexpr std::string_view kPieces[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  for (std::size_t i = 0; i < eighths / 8; ++i) drawn += "█";
  drawn += kPieces[eighths % 8];
  return drawn;
}

}  // namespace skerry::app
