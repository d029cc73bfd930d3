// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "skerry/agent/model_options.h"
#include "skerry/base/status.h"
#include "skerry/config/settings.h"

namespace skerry::app {

/// The language model that the settings name, with its key, as docs/model.md has it; none when they
/// name none. Takes LLM_API_KEY out of the environment, which processes of ours would inherit: call
/// once, before any is started and while there is one thread. kInvalidArgument, kPermissionDenied:
/// as `ModelOptions::check`, naming the variable where one is to blame.
Result<std::optional<agent::ModelOptions>> take_model_setting(const config::Settings& settings);

}  // namespace skerry::app
