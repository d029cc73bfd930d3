// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "skerry/agent/model_setting.h"
#include "skerry/base/status.h"

namespace skerry::app {

/// The language model that the environment names, as docs/model.md has it; none without
/// LLM_BASE_URL. Takes the key out of the environment, which processes of ours would inherit: call
/// once, before any is started and while there is one thread. kInvalidArgument, kPermissionDenied:
/// as `ModelSetting::check`, naming the variable where one is to blame.
Result<std::optional<agent::ModelSetting>> take_model_setting();

}  // namespace skerry::app
