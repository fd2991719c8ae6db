import ArgumentParser
import Bytes
import Foundation

/// ENTITY on the command line: `COLLECTION/ID`, percent-encoded where the id holds a `/` (spec: cli.md).
struct EntityArgument: ExpressibleByArgument {
    static let help = ArgumentHelp("COLLECTION/ID, as user/u1; %2F for a / in it.", valueName: "ENTITY")

    let collection: Text
    let id: Text

    init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let collection = parts[0].removingPercentEncoding,
            let id = parts[1].removingPercentEncoding, !collection.isEmpty, !id.isEmpty
        else { return nil }
        self.collection = Text(collection)
        self.id = Text(id)
    }
}
