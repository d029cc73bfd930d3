// SPDX-License-Identifier: Apache-2.0
//! Wasmtime's C API, and `skerry_tune`, in one archive.

mod c_boundary;
mod tune;

pub use wasmtime_c_api::*;
