// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/commands/top_screen.h"

#include <algorithm>
#include <cstdio>
#include <sstream>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "skerry/app/terminal.h"

namespace skerry::app {
namespace {

using nlohmann::ordered_json;

std::string time_text(const ordered_json& ms) {
  if (!ms.is_number()) return "-";
  const double value = ms.get<double>();
  return value < 1000 ? fmt::format("{:.3g} ms", value) : fmt::format("{:.3g} s", value / 1000);
}

std::string span_text(double seconds) {
  const auto whole = static_cast<long long>(seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  if (whole < 86'400) return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
  return fmt::format("{} d {} h", whole / 86'400, whole / 3600 % 24);
}

/// "success 12.5  error 1", or a dash; what has not moved is left out where `moved_only`.
std::string numbers_text(const ordered_json& numbers, bool moved_only) {
  std::string text;
  for (const auto& [key, value] : numbers.items()) {
    if (moved_only && value.get<double>() == 0) continue;
    text += fmt::format("{}{} {:.6g}", text.empty() ? "" : "  ", key, value.get<double>());
  }
  return text.empty() ? "-" : text;
}

void put(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

}  // namespace

std::vector<std::string> lines_of(const ordered_json& told, std::size_t width, std::size_t height) {
  const auto both = [](const ordered_json& stage) {
    return fmt::format("p50 {}  p99 {}", time_text(stage["p50_ms"]), time_text(stage["p99_ms"]));
  };
  std::vector<std::vector<std::string>> rows{
      {fmt::format("skerry top  {}  up {}  memory {:.1f} MiB  {}", told["url"].get<std::string>(),
                   span_text(told["uptime_seconds"].get<double>()),
                   told["memory_bytes"].get<double>() / 1048576, told["time"].get<std::string>())},
      {""},
      {fmt::format("runs/s    {:.6g}", told["runs_per_second"].get<double>())},
      {fmt::format("calls/s   {:.6g}   {}", told["calls_per_second"].get<double>(),
                   numbers_text(told["calls_by_status_per_second"], true))},
      {"latency   " + both(told["latency"])},
      {"  queue   " + both(told["queue"])},
      {"  program " + both(told["run"])},
      {"loop lag  " + both(told["loop_lag"])},
      {"workers   " + numbers_text(told["workers"], false)},
      {fmt::format("waiting   {:.6g}", told["queue"]["waiting"].get<double>())},
      {fmt::format("sessions  {:.6g} kept by workers", told["sessions_kept"].get<double>())},
      {"ended/s   " + numbers_text(told["outcomes_per_second"], true)},
      {"refused/s " + numbers_text(told["refused_per_second"], true)},
      {""}};
  std::istringstream head(table(std::move(rows)));
  std::vector<std::vector<std::string>> tenants{{"tenant", "calls/s", "calls", ""}};
  double most = 0;
  for (const auto& each : told["tenants"]) {
    most = std::max(most, each["calls_per_second"].get<double>());
  }
  for (const auto& each : told["tenants"]) {
    const double rate = each["calls_per_second"].get<double>();
    tenants.push_back({shortened(each["tenant"].get<std::string>(), 32),
                       fmt::format("{:.6g}", rate),
                       fmt::format("{:.12g}", each["calls"].get<double>()), bar(rate, most, 20)});
  }
  std::istringstream tail(table(std::move(tenants)));
  std::vector<std::string> lines;
  for (std::istringstream* part : {&head, &tail}) {
    for (std::string line; lines.size() < height && std::getline(*part, line);) {
      // A character less: the sign of a cut takes one.
      lines.push_back(shortened(line, width > 1 ? width - 1 : 0));
    }
  }
  return lines;
}

Screen::Screen() {
  has_keyboard_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
  if (has_keyboard_) {
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  }
  put("\033[?1049h\033[?25l");
}

Screen::~Screen() {
  put("\033[?25h\033[?1049l");
  if (has_keyboard_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

void Screen::draw(const ordered_json* document, const std::string& last) {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
    size = {.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
  }
  std::string all = "\033[H";
  if (document != nullptr && size.ws_row > 1) {
    for (const auto& line : lines_of(*document, size.ws_col, size.ws_row - 1U)) {
      all += line + "\033[K\r\n";
    }
  }
  std::string words = table({{last}});
  words.pop_back();
  put(all + shortened(words, size.ws_col - 1U) + "\033[K\033[J");
}

}  // namespace skerry::app
