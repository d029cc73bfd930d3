// SPDX-License-Identifier: Apache-2.0
//! Whether a module can run as a WASI command.

use std::collections::BTreeMap;

use wasmparser::{ExternalKind, FuncType, Import, TypeRef};

use super::module::Module;
use super::{Result, invalid, quoted};

/// Whether everything that `module` imports is among `offered` with that type, and whether it
/// exports what a command must. Each line of `offered` is a function: its module, its name and its
/// type, as in `host call (i32 i64) -> (i32)`.
pub fn check(module: &Module, offered: &str) -> Result<()> {
    let offered: BTreeMap<_, _> = offered
        .lines()
        .filter_map(|line| {
            let mut words = line.splitn(3, ' ');
            Some(((words.next()?, words.next()?), words.next()?))
        })
        .collect();
    let mut functions = 0..;
    for import in &module.imports {
        check_import(module, import, &mut functions, &offered)?;
    }
    check_exports(module)
}

fn check_import(
    module: &Module,
    import: &Import,
    functions: &mut impl Iterator<Item = u32>,
    offered: &BTreeMap<(&str, &str), &str>,
) -> Result<()> {
    let name = || format!("{}.{}", quoted(import.module), quoted(import.name));
    let kind = match import.ty {
        TypeRef::Func(_) | TypeRef::FuncExact(_) => "func",
        TypeRef::Table(_) => "table",
        TypeRef::Memory(_) => "memory",
        TypeRef::Global(_) => "global",
        TypeRef::Tag(_) => "tag",
    };
    let known = offered.get(&(import.module, import.name));
    let (Some(expected), "func") = (known, kind) else {
        return invalid(format!("unknown import {} ({kind})", name()));
    };
    let of = type_of(module, functions.next().unwrap_or_default());
    if of == **expected {
        return Ok(());
    }
    invalid(format!(
        "import {} has type {of}, expected {expected}",
        name()
    ))
}

fn check_exports(module: &Module) -> Result<()> {
    const NO_ENTRY: &str = "WASM module has no _start entry point";
    let Some(start) = module.find_export("_start") else {
        return invalid(NO_ENTRY.into());
    };
    if start.kind != ExternalKind::Func {
        let kind = kind_of(start.kind);
        return invalid(format!("{NO_ENTRY}: _start is a {kind}, expected a func"));
    }
    let of = type_of(module, start.index);
    if of != "() -> ()" {
        return invalid(format!(
            "{NO_ENTRY}: _start has type {of}, expected () -> ()"
        ));
    }
    let memory = module.find_export("memory");
    if module.imports.is_empty() || memory.is_some_and(|it| it.kind == ExternalKind::Memory) {
        return Ok(());
    }
    invalid("WASM module exports no memory named \"memory\", which its imports need".into())
}

pub fn kind_of(kind: ExternalKind) -> &'static str {
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => "func",
        ExternalKind::Table => "table",
        ExternalKind::Memory => "memory",
        ExternalKind::Global => "global",
        ExternalKind::Tag => "tag",
    }
}

/// As in the text format: "(i32 i32) -> (i64)".
fn type_of(module: &Module, function: u32) -> String {
    let list = |types: &[wasmparser::ValType]| {
        let names: Vec<_> = types.iter().map(ToString::to_string).collect();
        format!("({})", names.join(" "))
    };
    let text = |of: &FuncType| format!("{} -> {}", list(of.params()), list(of.results()));
    module.function_type(function).map(text).unwrap_or_default()
}
