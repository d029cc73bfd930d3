// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>

namespace skerry::wasi {

/// What a WASI preview 1 call answers. The numbers are the specification's and go to the guest as
/// they are.
enum class [[nodiscard]] Errno : std::uint16_t {
  kSuccess = 0,
  k2big = 1,
  kAcces = 2,
  kAddrInUse = 3,
  kAddrNotAvail = 4,
  kAfNoSupport = 5,
  kAgain = 6,
  kAlready = 7,
  kBadf = 8,
  kBadMsg = 9,
  kBusy = 10,
  kCanceled = 11,
  kChild = 12,
  kConnAborted = 13,
  kConnRefused = 14,
  kConnReset = 15,
  kDeadlk = 16,
  kDestAddrReq = 17,
  kDom = 18,
  kDquot = 19,
  kExist = 20,
  kFault = 21,
  kFbig = 22,
  kHostUnreach = 23,
  kIdrm = 24,
  kIlseq = 25,
  kInProgress = 26,
  kIntr = 27,
  kInval = 28,
  kIo = 29,
  kIsConn = 30,
  kIsDir = 31,
  kLoop = 32,
  kMfile = 33,
  kMlink = 34,
  kMsgSize = 35,
  kMultihop = 36,
  kNameTooLong = 37,
  kNetDown = 38,
  kNetReset = 39,
  kNetUnreach = 40,
  kNfile = 41,
  kNoBufs = 42,
  kNoDev = 43,
  kNoEnt = 44,
  kNoExec = 45,
  kNoLck = 46,
  kNoLink = 47,
  kNoMem = 48,
  kNoMsg = 49,
  kNoProtoOpt = 50,
  kNoSpc = 51,
  kNoSys = 52,
  kNotConn = 53,
  kNotDir = 54,
  kNotEmpty = 55,
  kNotRecoverable = 56,
  kNotSock = 57,
  kNotSup = 58,
  kNotTty = 59,
  kNxio = 60,
  kOverflow = 61,
  kOwnerDead = 62,
  kPerm = 63,
  kPipe = 64,
  kProto = 65,
  kProtoNoSupport = 66,
  kPrototype = 67,
  kRange = 68,
  kRofs = 69,
  kSpipe = 70,
  kSrch = 71,
  kStale = 72,
  kTimedOut = 73,
  kTxtBsy = 74,
  kXdev = 75,
  kNotCapable = 76,
};

/// The specification's name: "noent", "notcapable".
std::string_view errno_name(Errno error);

/// A value, or the errno that the guest gets instead. Shaped like Result, so that SKERRY_ASSIGN
/// works with both: a guest's error is no failure of ours and never becomes a Status on its way to
/// the guest.
template <typename T>
class [[nodiscard]] OrErrno {
 public:
  // Converting on return is the point of both.
  // NOLINTNEXTLINE(google-explicit-constructor)
  OrErrno(T value) : held_(std::in_place_index<0>, std::move(value)) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  OrErrno(Errno error) : held_(std::in_place_index<1>, error) {}

  bool ok() const { return held_.index() == 0; }
  /// kSuccess when there is a value.
  Errno status() const { return ok() ? Errno::kSuccess : *std::get_if<1>(&held_); }

  /// Only when ok().
  T& operator*() & { return *std::get_if<0>(&held_); }
  const T& operator*() const& { return *std::get_if<0>(&held_); }
  T&& operator*() && { return std::move(*std::get_if<0>(&held_)); }
  T* operator->() { return std::get_if<0>(&held_); }
  const T* operator->() const { return std::get_if<0>(&held_); }

 private:
  std::variant<T, Errno> held_;
};

}  // namespace skerry::wasi

/// Returns the Errno of `expression` from this function unless it is kSuccess.
#define SKERRY_ERRNO_TRY(expression)                             \
  do {                                                           \
    if (const ::skerry::wasi::Errno skerry_errno = (expression); \
        skerry_errno != ::skerry::wasi::Errno::kSuccess) {       \
      return skerry_errno;                                       \
    }                                                            \
  } while (false)
