public import Bytes
internal import RhizomeCore
internal import StrictJSON

/// A context that is to be written under a name (spec: http.md, PUT `/api/contexts/:name`).
public struct ContextPut: Sendable {
    /// The name.
    public let name: Text
    /// What it is to mean.
    public let definition: ContextDefinition
    /// Its JSON.
    public let encoded: [UInt8]

    /// Takes what was asked for.
    ///
    /// - Throws: ``FieldError`` at `name` for one that no context can have.
    public init(name: Text, definition: ContextDefinition) throws(FieldError) {
        try ContextName.check(name)
        self.name = name
        self.definition = definition
        encoded = definition.json.encoded
    }

    /// The delta that makes it so; `nil` where the name means just this already.
    ///
    /// - Parameter current: what the writer's own context of this name is, if there is one.
    public func delta(changing current: StoredContext?) -> PlannedDelta? {
        if current?.encoded == encoded { return nil }
        return PlannedDelta(
            pointers: [
                Pointer(ControlName.context, entity: name, targetContext: ControlName.definition),
                Pointer(ControlName.definition, .text(Text(String(decoding: encoded, as: UTF8.self)))),
            ],
            replacedTime: current?.timeCreated
        )
    }
}
