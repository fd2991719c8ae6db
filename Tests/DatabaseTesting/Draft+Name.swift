internal import Bytes
internal import RhizomeCore
package import RhizomeDatabase

extension Draft {
    /// A property of a user, as a PUT would write it.
    package static func name(_ name: String, of user: String = "alice") -> Draft {
        Draft(pointers: [
            Pointer("user", entity: Text(user), targetContext: "name"), Pointer("name", .text(Text(name))),
        ])
    }
}
