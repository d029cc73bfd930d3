// SPDX-License-Identifier: Apache-2.0
#include "skerry/tool/run_output.h"

namespace skerry::tool {

void RunOutput::output(wasi::Stream stream, std::string_view bytes) {
  add(stream, of(stream).bytes.take(bytes));
}

void RunOutput::cut(wasi::Stream stream) {
  of(stream).output.was_cut = true;
  output(stream, marker_);
}

std::pair<KeptOutput, KeptOutput> RunOutput::take() {
  for (const wasi::Stream stream : {wasi::Stream::kStdout, wasi::Stream::kStderr}) {
    add(stream, of(stream).bytes.finish());
  }
  return {std::move(stdout_.output), std::move(stderr_.output)};
}

void RunOutput::add(wasi::Stream stream, const std::string& text) {
  if (text.empty()) return;
  of(stream).output.text += text;
  if (seen_) seen_(stream, text);
}

}  // namespace skerry::tool
