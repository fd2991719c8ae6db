/// What a peer is called: `[A-Za-z0-9._-]{1,64}` (spec: identity.md, "The trusted-peer list").
///
/// So narrow that no two names look alike by tricks of Unicode, and none can do anything to a terminal.
public enum PeerName {
    /// Whether the text can be a petname, or what an identity calls itself.
    public static func isValid(_ text: some StringProtocol) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
