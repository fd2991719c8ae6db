internal import HTTPTypes
internal import NIOHTTP1
internal import RhizomeIdentity

/// What is checked of every request before anything else: that no web page from elsewhere is behind it, and that it may
/// ask (spec: http.md, last paragraph).
struct RequestGuard: Sendable {
    let hosts: AllowedHosts
    /// The token that every request needs; none where none does.
    let token: HTTPToken?

    /// Lets a request pass or refuses it.
    ///
    /// - Throws: 400 without exactly one Host, 403 for a foreign Host or Origin, 401 without the token.
    func check(_ headers: HTTPHeaders) throws(APIError) {
        let names = headers["Host"]
        guard names.count == 1 else { throw .badInput("a request has exactly one Host", field: "Host") }
        guard hosts.allows(host: names[0]) else {
            throw .forbidden(
                "this Host is not one of ours: localhost, 127.0.0.1, [::1], the bind address, "
                    + "and those in RHIZOME_HTTP_API_HOSTS, with our port"
            )
        }
        // One is all that a browser sends. None is sent by programs, and by browsers for what can change nothing here.
        for origin in headers["Origin"] {
            guard hosts.allows(origin: origin) else { throw .forbidden("this Origin is not ours") }
        }
        guard let token else { return }
        let values = headers["Authorization"]
        guard values.count == 1, token.matches(authorization: values[0]) else {
            throw APIError(
                status: .unauthorized,
                error: "this request needs: Authorization: Bearer, with the content of http.token in the home folder",
                fields: [.wwwAuthenticate: "Bearer realm=\"rhizome\""]
            )
        }
    }
}
