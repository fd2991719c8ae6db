import ArgumentParser
import Bytes
import Foundation

/// ENTITY on the command line: `COLLECTION/ID`, percent-encoded where the id holds a `/` (spec: cli.md).
struct EntityArgument: ExpressibleByArgument, CustomStringConvertible {
    static let help = ArgumentHelp("COLLECTION/ID, as user/u1; %2F for a / in it.", valueName: "ENTITY")

    /// What stands for itself in an ENTITY: all that a person can type and a shell leaves alone.
    private static let plain = CharacterSet(charactersIn: "-._~:@+,=").union(.alphanumerics)

    let collection: Text
    let id: Text

    /// A collection's name or an id as it stands in an ENTITY.
    static func encoded(_ name: Text) -> String {
        name.string.addingPercentEncoding(withAllowedCharacters: plain) ?? name.string
    }

    init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let collection = parts[0].removingPercentEncoding,
            let id = parts[1].removingPercentEncoding, !collection.isEmpty, !id.isEmpty
        else { return nil }
        self.collection = Text(collection)
        self.id = Text(id)
    }

    /// As it is given.
    var description: String { Self.encoded(collection) + "/" + Self.encoded(id) }
}
