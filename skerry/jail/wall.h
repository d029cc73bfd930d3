// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace skerry::jail {

/// One measure of the host's kernel that stands between a worker and everything else. In the order
/// in which `skerry doctor` tells them. docs/decisions/0008-jail.md says what each one stops.
enum class Wall : std::uint8_t {
  kUserNamespace,
  kPidNamespace,
  kEmptyRoot,
  kNetworkNamespace,
  kIpcNamespace,
  kUtsNamespace,
  kDescriptors,
  kCapabilities,
  kNoNewPrivileges,
  kSeccomp,
  kLandlock,
  kResourceLimits,
  kCgroup,
  kParentDeath,
};

inline constexpr std::array kWalls{
    Wall::kUserNamespace,   Wall::kPidNamespace, Wall::kEmptyRoot,   Wall::kNetworkNamespace,
    Wall::kIpcNamespace,    Wall::kUtsNamespace, Wall::kDescriptors, Wall::kCapabilities,
    Wall::kNoNewPrivileges, Wall::kSeccomp,      Wall::kLandlock,    Wall::kResourceLimits,
    Wall::kCgroup,          Wall::kParentDeath};

/// The word for it in reports: "user-namespace".
std::string_view name_of(Wall wall);

/// Some of the walls. A value.
class WallSet {
 public:
  constexpr WallSet() = default;
  constexpr WallSet(std::initializer_list<Wall> walls) {
    for (const Wall wall : walls) bits_ |= bit(wall);
  }
  static constexpr WallSet all() {
    WallSet set;
    for (const Wall wall : kWalls) set.bits_ |= bit(wall);
    return set;
  }

  constexpr bool has(Wall wall) const { return (bits_ & bit(wall)) != 0; }
  constexpr WallSet with(WallSet other) const { return WallSet(bits_ | other.bits_); }
  constexpr WallSet without(WallSet other) const { return WallSet(bits_ & ~other.bits_); }
  constexpr bool operator==(const WallSet&) const = default;

 private:
  constexpr explicit WallSet(std::uint32_t bits) : bits_(bits) {}
  static constexpr std::uint32_t bit(Wall wall) {
    return std::uint32_t{1} << static_cast<unsigned>(wall);
  }
  std::uint32_t bits_ = 0;
};

}  // namespace skerry::jail
