import Foundation

/// `Tests/Vectors/meeting.json`: what an independent program made of the specification's page.
package struct MeetingVectors: Decodable, Sendable {
    /// A code and the key that it gives.
    package struct Key: Decodable, Sendable {
        /// The code's text.
        package let code: String
        /// In hexadecimal, as a did and in Z85.
        package let publicKey, did, transportPublic, transportSecret: String
    }

    /// An invitation, or a text that is none.
    package struct Line: Decodable, Sendable {
        /// The text.
        package let text: String
        /// What it says; nothing where it is none.
        package let did, address, code: String?
        /// Why it is none.
        package let why: String?
    }

    /// Joins at a host with one open invitation.
    package struct Joins: Decodable, Sendable {
        /// One of them.
        package struct Case: Decodable, Sendable {
            /// What is special about it.
            package let name: String
            /// In hexadecimal.
            package let join: String
            /// Whether the host takes the guest in.
            package let ok: Bool
            /// What the guest calls itself.
            package let guestName: String?
            /// Where the guest listens.
            package let addresses: [String]?

            enum CodingKeys: String, CodingKey {
                case name, join, ok, addresses
                case guestName = "name_"
            }
        }

        /// Dids, and seeds in hexadecimal.
        package let host, hostSeed, invitation, guest, guestSeed: String
        /// All of them.
        package let cases: [Case]
    }

    /// What came to the guest as the host's word.
    package struct Reply: Decodable, Sendable {
        /// In hexadecimal.
        package let reply: String
        /// Whether the guest takes it.
        package let ok: Bool
    }

    /// Address records by a key in the list, at a moment, while one of another moment is held.
    package struct Records: Decodable, Sendable {
        /// One of them.
        package struct Case: Decodable, Sendable {
            /// In hexadecimal.
            package let record: String
            /// Whether it is taken in.
            package let ok: Bool
            /// Where the key says that it is.
            package let addresses: [String]?
            /// Why it isn't taken in.
            package let why: String?
        }

        /// A did.
        package let key: String
        /// µs since 1970.
        package let now, held: Int64
        /// All of them.
        package let cases: [Case]
    }

    /// Packets on a local network, as a receiver with one peer takes them.
    package struct LocalNetwork: Decodable, Sendable {
        /// One of them.
        package struct Case: Decodable, Sendable {
            /// What is special about it.
            package let name: String
            /// In hexadecimal.
            package let packet: String
            /// The IP address from which it comes.
            package let source: String
            /// The minute by the receiver's clock.
            package let minuteOfReceiver: UInt32
            /// The did of the peer whose it is; nothing where the receiver takes it for nobody's.
            package let found: String?
            /// Where that peer listens.
            package let port: UInt16?
        }

        /// In hexadecimal.
        package let receiverSeed: String
        /// Dids.
        package let trusted: [String]
        /// All of them.
        package let cases: [Case]
    }

    /// All parts.
    package let keys: [Key]
    package let lines: [Line]
    package let joins: Joins
    package let replies: [Reply]
    package let records: Records
    package let lan: LocalNetwork

    /// Reads the file.
    package static func load() throws -> MeetingVectors {
        try JSONDecoder().decode(MeetingVectors.self, from: Data(TestFiles.vectors("meeting")))
    }
}
