// SPDX-License-Identifier: Apache-2.0
//! Wasmtime's C API, and what we do with modules ourselves, in one archive.

mod c_boundary;
mod join;
mod patch;
mod stranger;
mod tune;

pub use wasmtime_c_api::*;
