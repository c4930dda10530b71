#!/bin/bash
# huggingface_hub: "hf auth login" does nothing where a browser login has expired and can no longer be renewed, though the
# warning printed at the same time tells to run that very command; only --force logs in. Public packages, a local server.
set -u
folder=$(mktemp -d)
server=
trap '[ -n "$server" ] && kill "$server"; rm -rf "$folder"' EXIT
cd "$folder" || exit 2
python3 -m venv env && env/bin/pip install -q huggingface_hub==2.4.0 2> pip.log || { cat pip.log; exit 2; }

# A hub that only says that a session is over (RFC 6749, 5.2), and starts new logins (RFC 8628).
cat > hub.py <<'PYTHON'
import http.server, json
class Hub(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        begins = self.path == "/oauth/device"
        body = {"device_code": "d", "user_code": "U", "verification_uri": "http://127.0.0.1/", "expires_in": 1,
                "interval": 1} if begins else {"error": "invalid_grant", "error_description": "session is over"}
        data = json.dumps(body).encode()
        self.send_response(200 if begins else 400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    def log_message(self, *arguments):
        print(self.path, flush=True)
server = http.server.HTTPServer(("127.0.0.1", 0), Hub)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
env/bin/python hub.py > log 2> /dev/null &
server=$!
while [ ! -s log ]; do sleep 0.1; done
export HF_HOME=$folder/home HF_ENDPOINT=http://127.0.0.1:$(head -n 1 log) HF_HUB_DISABLE_UPDATE_CHECK=1
unset HF_TOKEN HF_TOKEN_PATH HUGGING_FACE_HUB_TOKEN
mkdir home
printf %s hf_oauth_old > home/token
printf '[me]\nhf_token = hf_oauth_old\nrefresh_token = hf_refresh\nexpires_at = 1700000000\n' > home/stored_tokens

env/bin/hf version
echo "expected: hf auth login starts a login (POST /oauth/device), as the token expired in 2023 and its renewal was refused"
env/bin/hf auth login < /dev/null > plain 2>&1
plain=$?
asked=$(grep -c oauth/device log)
echo "seen: exit status $plain, /oauth/device asked $asked times; it says:"
sed 's/^/    /' plain
timeout 60 env/bin/hf auth login --force < /dev/null > forced 2>&1
echo "with --force /oauth/device is asked $(($(grep -c oauth/device log) - asked)) times"
[ $plain = 0 ] && [ "$asked" = 0 ] && grep -qi 'hf auth login' plain && [ "$(grep -c oauth/device log)" -gt 0 ]
