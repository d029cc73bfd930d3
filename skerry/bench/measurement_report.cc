// SPDX-License-Identifier: Apache-2.0
#include "skerry/bench/measurement_report.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "skerry/app/terminal.h"
#include "skerry/base/formats/json_text.h"

namespace skerry::bench {
namespace {

using nlohmann::ordered_json;

std::string number(double value) { return fmt::format("{:.3f}", value); }

ordered_json json_of(const Measurement& m) {
  ordered_json json{{"bench", m.bench},   {"samples", m.samples}, {"p50_ms", m.p50_ms},
                    {"p90_ms", m.p90_ms}, {"p99_ms", m.p99_ms},   {"per_second", m.per_second},
                    {"ratio", nullptr}};
  if (m.ratio) json["ratio"] = *m.ratio;
  for (const auto& [key, value] : m.extra) json[key] = value;
  if (!m.programs.empty()) {
    json["programs"] = ordered_json::array();
    for (const ProgramRatio& p : m.programs) {
      json["programs"].push_back({{"program", p.program},
                                  {"native_ms", p.native_ms},
                                  {"sandbox_ms", p.sandbox_ms},
                                  {"ratio", p.ratio}});
    }
  }
  json["machine"] = {
      {"cpu", m.machine.cpu}, {"cores", m.machine.cores}, {"kernel", m.machine.kernel}};
  json["versions"] = {{"skerry", SKERRY_VERSION}, {"engine", m.engine}, {"python", m.interpreter}};
  return json;
}

void show(const Measurement& m) {
  std::printf("%s: %s\n\n", m.bench.c_str(), m.what.c_str());
  if (m.programs.empty()) {
    std::vector<std::vector<std::string>> rows = {
        {"samples", "p50 ms", "p90 ms", "p99 ms", "per second"},
        {std::to_string(m.samples), number(m.p50_ms), number(m.p90_ms), number(m.p99_ms),
         fmt::format("{:.0f}", m.per_second)}};
    if (m.ratio) {
      rows[0].emplace_back("ratio");
      rows[1].push_back(number(*m.ratio));
    }
    for (const auto& [key, value] : m.extra) {
      rows[0].push_back(key);
      rows[1].push_back(number(value));
    }
    std::fputs(app::table(rows).c_str(), stdout);
  } else {
    double largest = 0;
    for (const ProgramRatio& p : m.programs) largest = std::max(largest, std::min(p.ratio, 5.0));
    std::vector<std::vector<std::string>> rows = {
        {"program", "python3 ms", "sandbox ms", "ratio", ""}};
    for (const ProgramRatio& p : m.programs) {
      rows.push_back(
          {p.program, fmt::format("{:.1f}", p.native_ms), fmt::format("{:.1f}", p.sandbox_ms),
           fmt::format("{:.2f}", p.ratio),
           app::bar(std::min(p.ratio, largest), largest, 30) + (p.ratio > largest ? "…" : "")});
    }
    rows.push_back({"geometric mean", "", "", fmt::format("{:.2f}", m.ratio.value_or(0)), ""});
    std::fputs(app::table(rows).c_str(), stdout);
    for (const auto& [key, value] : m.extra) std::printf("%s: %.2f\n", key.c_str(), value);
  }
  std::printf("\n%s, %d cores, Linux %s; %s, %s\n", m.machine.cpu.c_str(), m.machine.cores,
              m.machine.kernel.c_str(), m.engine.c_str(), m.interpreter.c_str());
}

}  // namespace

void report(const Measurement& measurement, bool as_json) {
  if (as_json) {
    std::puts(dump_json(json_of(measurement)).c_str());
  } else {
    show(measurement);
  }
}

}  // namespace skerry::bench
