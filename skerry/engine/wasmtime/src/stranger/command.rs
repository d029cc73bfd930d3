// SPDX-License-Identifier: Apache-2.0
//! Whether a module can run as a WASI command.

use std::collections::{BTreeMap, BTreeSet};

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
    check_imports(module, &offered)?;
    check_exports(module)
}

fn check_imports(module: &Module, offered: &BTreeMap<(&str, &str), &str>) -> Result<()> {
    let mut functions = 0..;
    let mut unknown = Vec::new();
    let mut of_another_type = None;
    for import in &module.imports {
        let is_function = matches!(import.ty, TypeRef::Func(_) | TypeRef::FuncExact(_));
        let of = is_function.then(|| type_of(module, functions.next().unwrap_or_default()));
        match (offered.get(&(import.module, import.name)), of) {
            (Some(expected), Some(of)) if of == **expected => {}
            (Some(expected), Some(of)) => {
                of_another_type.get_or_insert_with(|| {
                    format!(
                        "import {} has type {of}, expected {expected}",
                        name_of(import)
                    )
                });
            }
            _ => unknown.push(import),
        }
    }
    if !unknown.is_empty() {
        return invalid(text_of_unknown(&unknown));
    }
    of_another_type.map_or(Ok(()), invalid)
}

/// Names every one once, as far as a message goes, and says what their modules are that stand for
/// another WASI.
fn text_of_unknown(imports: &[&Import]) -> String {
    const MOST: usize = 100;
    let mut names: Vec<String> = Vec::new();
    let mut seen = BTreeSet::new();
    for each in imports {
        let kind = kind_of_import(each.ty);
        if seen.insert((each.module, each.name, kind)) {
            names.push(format!("{} ({kind})", name_of(each)));
        }
    }
    let left_out = names.len().saturating_sub(MOST);
    names.truncate(MOST);
    let mut text = match names.as_slice() {
        [name] => format!("unknown import {name}"),
        _ => format!("unknown imports {}", names.join(", ")),
    };
    if left_out > 0 {
        text += &format!(" and {left_out} more");
    }
    let has = |is: fn(&str) -> bool| imports.iter().any(|each| is(each.module));
    if has(|module| module == "wasi_unstable") {
        text += "; wasi_unstable is WASI before preview 1: build the module for \
                 wasi_snapshot_preview1";
    }
    if has(|module| module.starts_with("wasi:")) {
        text += "; \"wasi:\" is WASI from preview 2 on: build the module for \
                 wasi_snapshot_preview1";
    }
    text
}

fn name_of(import: &Import) -> String {
    format!("{}.{}", quoted(import.module), quoted(import.name))
}

fn kind_of_import(of: TypeRef) -> &'static str {
    match of {
        TypeRef::Func(_) | TypeRef::FuncExact(_) => "func",
        TypeRef::Table(_) => "table",
        TypeRef::Memory(_) => "memory",
        TypeRef::Global(_) => "global",
        TypeRef::Tag(_) => "tag",
    }
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
