// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "skerry/image/image_file.h"
#include "skerry/runtime/installation.h"
#include "skerry/session/session_variables.h"

namespace skerry::app {

/// The variables of a state, asked of the guest itself in a process of its own. kDataLoss
/// when it does not answer in ten seconds or answers nonsense.
Result<session::Variables> read_variables(const runtime::Installation& installation,
                                          const std::shared_ptr<const image::Image>& image);

}  // namespace skerry::app
