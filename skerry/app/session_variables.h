// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>

#include "skerry/image/image_file.h"
#include "skerry/runtime/home.h"

namespace skerry::app {

/// A variable as it is told about. All of it is the guest's word.
struct Variable {
  std::string type;
  std::string text;    ///< its repr, cut
  std::string digest;  ///< of its value, as far as that can be had
  bool operator==(const Variable&) const = default;
};
using Variables = std::map<std::string, Variable>;

/// The global names that programs have made in a Python image, asked of the guest itself in a
/// process of its own. kDataLoss when it does not answer in ten seconds or answers nonsense.
Result<Variables> read_variables(const runtime::Home& home,
                                 const std::shared_ptr<const image::Image>& image);

}  // namespace skerry::app
