// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace skerry::app {

/// `skerry top` with its words, the first of which is "top". Returns the process's exit code.
int top_main(int argc, char** argv);

}  // namespace skerry::app
