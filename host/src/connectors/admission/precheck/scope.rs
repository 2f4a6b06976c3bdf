//! The index spaces of components: what each index stands for, how large its type is once every reference in it has been
//! followed, and how much is made when it is instantiated. Both can be exponential in the size of the file; the
//! arithmetic here is not.

use std::collections::HashMap;

use wasmparser::{
    ComponentExternalKind, ComponentOuterAliasKind, ComponentTypeRef, ComponentValType, Error, FromReader,
    SectionLimited, TypeBounds,
};

use super::Expansion;
use super::walk::{Walk, raise};

/// What something exports, by name.
pub(super) type Names<'a> = HashMap<&'a str, Entity>;

/// What an index stands for. An index that leads nowhere is for the validator to refuse, and stands for nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Entity {
    /// Nodes of its type.
    pub(super) nodes: u64,
    /// Levels of its type.
    pub(super) depth: u64,
    /// Where its exports are in the walk's names.
    pub(super) exports: Option<usize>,
    /// What one instance of it has, if it is a module or a component that stands in the file.
    pub(super) made: Option<Expansion>,
}

impl Entity {
    /// A type without members.
    pub(super) const LEAF: Self = Self { nodes: 1, depth: 1, exports: None, made: None };

    /// A type with those members.
    pub(super) fn of(members: impl IntoIterator<Item = Self>) -> Self {
        members.into_iter().fold(Self::LEAF, Self::with)
    }

    fn with(self, member: Self) -> Self {
        let nodes = self.nodes.saturating_add(member.nodes);
        Self { nodes, depth: self.depth.max(member.depth + 1), ..self }
    }
}

/// The index spaces whose members have a size.
#[derive(Debug, Clone, Copy)]
pub(super) enum Space {
    Module,
    Function,
    Value,
    Type,
    Instance,
    Component,
    CoreType,
}

impl From<ComponentExternalKind> for Space {
    fn from(kind: ComponentExternalKind) -> Self {
        match kind {
            ComponentExternalKind::Module => Self::Module,
            ComponentExternalKind::Func => Self::Function,
            ComponentExternalKind::Value => Self::Value,
            ComponentExternalKind::Type => Self::Type,
            ComponentExternalKind::Instance => Self::Instance,
            ComponentExternalKind::Component => Self::Component,
        }
    }
}

impl From<ComponentOuterAliasKind> for Space {
    fn from(kind: ComponentOuterAliasKind) -> Self {
        match kind {
            ComponentOuterAliasKind::CoreModule => Self::Module,
            ComponentOuterAliasKind::CoreType => Self::CoreType,
            ComponentOuterAliasKind::Type => Self::Type,
            ComponentOuterAliasKind::Component => Self::Component,
        }
    }
}

/// A component or component type that is open.
#[derive(Debug, Default)]
pub(super) struct Scope<'a> {
    spaces: [Vec<Entity>; 7],
    /// Its type, as far as it goes.
    ty: Entity,
    exports: Names<'a>,
    /// What one instance of it has, as far as it goes.
    pub(super) made: Expansion,
}

impl<'a> Walk<'a> {
    pub(super) fn enter(&mut self) {
        self.scopes.push(Scope { ty: Entity::LEAF, ..Scope::default() });
    }

    /// What the innermost scope has become.
    pub(super) fn leave(&mut self) -> Entity {
        let scope = self.scopes.pop().unwrap_or_default();
        Entity { made: Some(scope.made), ..self.exporting(scope.ty, scope.exports) }
    }

    pub(super) fn exporting(&mut self, ty: Entity, exports: Names<'a>) -> Entity {
        self.names.push(exports);
        Entity { exports: Some(self.names.len() - 1), ..ty }
    }

    /// Gives an entity the next index.
    pub(super) fn define(&mut self, space: Space, entity: Entity) {
        self.spend(entity.nodes);
        raise(&mut self.counts.type_depth, entity.depth);
        if let Some(scope) = self.scopes.last_mut() {
            scope.spaces[space as usize].push(entity);
        }
    }

    /// Gives what is imported or exported the next index, and makes it a member of the scope's type.
    pub(super) fn link(&mut self, export: Option<&'a str>, kind: ComponentExternalKind, entity: Entity) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.ty = scope.ty.with(entity);
            if let Some(name) = export {
                scope.exports.insert(name, entity);
            }
        }
        self.define(kind.into(), entity);
    }

    /// Counts nodes that the validator looks at.
    pub(super) fn spend(&mut self, nodes: u64) {
        self.counts.type_nodes = self.counts.type_nodes.saturating_add(nodes);
    }

    /// Counts definitions of the innermost component.
    pub(super) fn count_definitions(&mut self, more: usize) {
        self.counts.definitions += more as u64;
        if let Some(scope) = self.scopes.last_mut() {
            scope.made.definitions = scope.made.definitions.saturating_add(more as u64);
        }
        self.blind |= self.counts.definitions > self.limits.definitions;
    }

    /// Counts a section of definitions, and reads them unless that would be too much.
    pub(super) fn each<T: FromReader<'a>>(
        &mut self,
        section: SectionLimited<'a, T>,
        read: fn(&mut Self, T),
    ) -> Result<(), Error> {
        if self.is_taken(&section) {
            for item in section {
                read(self, item?);
            }
        }
        Ok(())
    }

    pub(super) fn is_taken<T>(&mut self, section: &SectionLimited<'a, T>) -> bool {
        self.counts.definition_bytes += section.range().len() as u64;
        self.blind |= self.counts.definition_bytes > self.limits.definition_bytes;
        self.count_definitions(section.count() as usize);
        !self.blind
    }

    /// What an index stands for, that many scopes further out.
    pub(super) fn find(&self, outward: u32, space: Space, index: u32) -> Entity {
        let scope = self.scopes.iter().rev().nth(outward as usize);
        scope.and_then(|scope| scope.spaces[space as usize].get(index as usize)).copied().unwrap_or_default()
    }

    /// What an instance exports under a name.
    pub(super) fn exported(&self, instance: u32, name: &str) -> Entity {
        let names = self.find(0, Space::Instance, instance).exports.and_then(|index| self.names.get(index));
        names.and_then(|names| names.get(name)).copied().unwrap_or_default()
    }

    pub(super) fn value(&self, ty: ComponentValType) -> Entity {
        match ty {
            ComponentValType::Primitive(_) => Entity::LEAF,
            ComponentValType::Type(index) => self.find(0, Space::Type, index),
        }
    }

    /// Something of a type, that stands in no file.
    pub(super) fn typed(&self, ty: ComponentTypeRef) -> Entity {
        let entity = match ty {
            ComponentTypeRef::Module(index) => self.find(0, Space::CoreType, index),
            ComponentTypeRef::Func(index)
            | ComponentTypeRef::Instance(index)
            | ComponentTypeRef::Component(index)
            | ComponentTypeRef::Type(TypeBounds::Eq(index)) => self.find(0, Space::Type, index),
            ComponentTypeRef::Type(TypeBounds::SubResource) => Entity::LEAF,
            ComponentTypeRef::Value(ty) => self.value(ty),
        };
        Entity { made: None, ..entity }
    }
}
