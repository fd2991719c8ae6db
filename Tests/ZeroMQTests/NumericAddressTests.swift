import Testing

@testable import ZeroMQ

@Suite struct NumericAddressTests {
    @Test("only whole addresses are read, and IPv4 is the same in both forms")
    func reading() throws {
        #expect(NumericAddress("192.0.2.1") == NumericAddress("::ffff:192.0.2.1"))
        #expect(NumericAddress("2001:db8::1")?.bytes.count == 16)
        for text in ["", "192.0.2", "192.0.2.1:1", "[::1]", "fe80::1%eth0", "localhost", "1", "0x7f.1"] {
            #expect(NumericAddress(text) == nil, "\(text)")
        }
    }

    @Test("loopback, unspecified and multicast addresses are told from those of one other machine")
    func kinds() throws {
        for (text, isLoopback, isOfOne) in [
            ("127.0.0.1", true, true), ("127.255.0.3", true, true), ("::1", true, true),
            ("::ffff:127.0.0.1", true, true), ("0.0.0.0", false, false), ("::", false, false),
            ("224.0.0.1", false, false), ("255.255.255.255", false, false), ("ff02::1", false, false),
            ("192.0.2.1", false, true), ("2001:db8::1", false, true), ("fe80::1", false, true),
        ] {
            let address = try #require(NumericAddress(text))
            #expect(address.isLoopback == isLoopback && address.isOfOne == isOfOne, "\(text)")
        }
    }
}
