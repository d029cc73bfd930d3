// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

#include <nlohmann/json.hpp>

#include "skerry/base/status.h"
#include "skerry/runtime/runtime.h"

namespace skerry::packages {

/// Has the host's program get packages into `work`/wheels. `request` is what that program wants.
///
/// It runs twice: as the user, to learn where pip's configuration says that packages are; then
/// with an environment of nothing but that, a home of its own, and, where the kernel has Landlock,
/// able to read only programs, certificates and the files that were named, and to write only below
/// `work`. It needs the network, which no jail of ours has.
///
/// kFailedPrecondition, in words for people, when the packages cannot be had.
Status fetch_packages(const runtime::PackageSupport& support, const nlohmann::json& request,
                      const std::filesystem::path& work);

}  // namespace skerry::packages
