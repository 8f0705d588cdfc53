"""The artifact proxy, run artifacts, single downloads and uploads, multipart and presigned calls."""

from scenario import AJAX, ARTIFACTS, Scenario, done, error, invalid, missing

scenario = s = Scenario("artifacts")
P = ARTIFACTS + "artifacts"
U = P + "/${uid}"
ATTACHMENT = ["content-disposition", "content-type", "x-content-type-options", "content-length"]

# Proxy: upload, download.
s.put("put", U + "/a.txt", "hello")
s.get("get", U + "/a.txt", record_headers=ATTACHMENT)
s.get("get on the ajax path", "/ajax-api/2.0/mlflow-artifacts/artifacts/${uid}/a.txt")
s.put("put on the ajax path", "/ajax-api/2.0/mlflow-artifacts/artifacts/${uid}/ajax.txt", "x")
s.put("put replaces", U + "/a.txt", "hello again")
s.get("get the new one", U + "/a.txt")
s.put("put: any content type", U + "/deep/er/b.json", '{"a": 1}', headers={"Content-Type": "image/png"})
s.get("get: type guessed from the name", U + "/deep/er/b.json", record_headers=ATTACHMENT)
s.put("put: bytes", U + "/deep/bytes.bin", base64="AAECA/8ADQo=")
s.get("get: bytes", U + "/deep/bytes.bin", record_base64=True, record_headers=ATTACHMENT)
s.put("put: empty", U + "/deep/empty", "")
s.get("get: empty", U + "/deep/empty", record_headers=["content-length", "content-disposition"])
for name, path in (("blank", "with%20blank.txt"), ("Unicode", "%C3%BC%E4%B8%AD.txt"), ("plus", "a+b.txt"), ("quote", "a%22b.txt"),
                   ("ampersand", "a&b=c.txt"), ("no suffix", "MLmodel"), ("yaml", "c.yaml"), ("html", "x.html"), ("csv", "x.csv")):
    s.put(f"put: name with {name}", U + "/names/" + path, name)
    s.get(f"get: name with {name}", U + "/names/" + path, record_headers=["content-disposition", "content-type"])
s.get("list the names", P, {"path": "${uid}/names"})
# Types that Python itself knows; a file /etc/mime.types, where there is one, gives stock some more.
for name in ("a.png", "a.PNG", "a.jpg", "a.pdf", "a.gz", "a.csv.gz", "a.tar.gz", "a.tgz", "a.tar.xz", "a.mp4", "a.mp3", "a.wav", "a.webp", "a.bmp", "a.svg", "a.tiff",
             "a.zip", "a.ipynb", "a.npy", "a.onnx", "a.pkl", "a.parquet", "a.h5", "a.bin", "a.so", "a.TXT", "a.Yaml", "a.css", "a.html.gz", ".png", "a.", "a.pyc", "a.wasm", "conda.yaml"):
    s.put(f"put: {name} for its type", U + "/types/" + name, "x")
    s.get(f"get: the type of {name}", U + "/types/" + name, record_headers=["content-type"])
s.get("get: unknown", U + "/none")
s.get("get: a folder", U + "/deep")
s.get("get: below a file", U + "/a.txt/b")
s.put("put: a name that ends in a slash", U + "/folder/", "x")
s.put("put: below a file", U + "/a.txt/b", "x", deviation="stock answers 500", ours={"status": [400, 409]})

# Ranges.
for label, header in (("first bytes", "bytes=0-4"), ("middle", "bytes=2-3"), ("open end", "bytes=6-"), ("last bytes", "bytes=-5"),
                      ("beyond the end", "bytes=6-1000")):
    s.get(f"range: {label}", U + "/a.txt", headers={"Range": header}, record_headers=["content-range", "content-length"])
s.get("range: not satisfiable", U + "/a.txt", headers={"Range": "bytes=1000-2000"},
      loose="the body of a 416 is free", ours={"status": 416, "headers": {"content-range": "bytes */11"}})

# Paths that must not work, in every method. Encoded forms count as much as plain ones.
BAD = (
    ("dots", "/${uid}/../x"), ("encoded dots", "/${uid}/%2e%2e/x"), ("encoded slash", "/${uid}/..%2fx"),
    ("doubly encoded", "/${uid}/%252e%252e%252fx"), ("thrice encoded", "/${uid}/%25252e%25252e/x"),
    ("absolute", "//etc/passwd"), ("encoded absolute", "/%2fetc%2fpasswd"), ("drive", "/C:/x"), ("encoded backslashes", "/%5c%5chost%5cx"),
    ("fragment", "/${uid}/%23x"), ("file URI", "/file:///etc/passwd"),
)
for label, path in BAD:
    s.put(f"put: {label}", P + path, "x")
    s.get(f"get: {label}", P + path)
    redirect = {"deviation": "stock redirects to the path with one slash"} if "absolute" in label else {}
    s.delete(f"delete: {label}", P + path, **redirect)
for method in ("PUT", "GET", "DELETE"):
    s.call(f"{method}: encoded NUL", method, P + "/${uid}-nul/a%00b", text="x" if method == "PUT" else None,
           deviation="stock writes it as a file named 'a%00b'", ours=error(400, "<any>"))
for label, path in (("dots", "../x"), ("encoded dots", "%2e%2e/x"), ("absolute", "/etc"), ("fragment", "a#b"), ("inner dots", "${uid}/a/../..")):
    s.get(f"list: {label}", P, {"path": path})

# Listing.
s.get("list a folder", P, {"path": "${uid}"})
s.get("list on the ajax path", "/ajax-api/2.0/mlflow-artifacts/artifacts", {"path": "${uid}/deep"})
s.get("list a folder, slash at the end", P, {"path": "${uid}/deep/"})
s.get("list a file", P, {"path": "${uid}/a.txt"})
s.get("list nothing", P, {"path": "${uid}/none"})

# Deleting.
s.delete("delete a file", U + "/a.txt")
s.get("it is gone", U + "/a.txt")
s.delete("delete it again", U + "/a.txt")
s.delete("delete a folder", U + "/deep")
s.get("the folder is gone", P, {"path": "${uid}"})
s.get("what was in it too", U + "/deep/bytes.bin")

# Artifacts of a run.
s.experiment("e", "art-${uid}")
s.run("r", "e")
L = "artifacts/list"
ROOT = P + "/${e}/${r}/artifacts"
s.get("run: empty", L, {"run_id": "${r}"})
s.put("run: put", ROOT + "/model/MLmodel", "flavors: {}")
s.put("run: put another", ROOT + "/b.txt", "b")
s.put("run: put one more", ROOT + "/a.txt", "aa")
s.put("run: put an empty one", ROOT + "/empty", "")
s.get("run: list", L, {"run_id": "${r}"})
s.get("run: list by run_uuid", L, {"run_uuid": "${r}"})
s.get("run: list on the ajax path", AJAX + L, {"run_id": "${r}"})
s.get("run: list a folder", L, {"run_id": "${r}", "path": "model"})
s.get("run: list a file", L, {"run_id": "${r}", "path": "a.txt"})
s.get("run: list nothing", L, {"run_id": "${r}", "path": "none"})
s.get("run: list with dots", L, {"run_id": "${r}", "path": "../.."})
s.get("run: list, absolute", L, {"run_id": "${r}", "path": "/etc"})
s.get("run: list, encoded dots", L, {"run_id": "${r}", "path": "%2e%2e"})
s.get("run: list, unknown run", L, {"run_id": "abc"})
s.get("run: list, run missing", L)
G = "/get-artifact"
s.get("run: download", G, {"run_id": "${r}", "path": "a.txt"}, record_headers=ATTACHMENT)
s.get("run: download by run_uuid", G, {"run_uuid": "${r}", "path": "model/MLmodel"}, record_headers=["content-disposition"])
s.get("run: download a range", G, {"run_id": "${r}", "path": "model/MLmodel"}, headers={"Range": "bytes=0-6"}, record_headers=["content-range"])
s.get("run: download, unknown", G, {"run_id": "${r}", "path": "none"})
s.get("run: download, a folder", G, {"run_id": "${r}", "path": "model"})
s.get("run: download, dots", G, {"run_id": "${r}", "path": "../../x"})
s.get("run: download, encoded dots", G, {"run_id": "${r}", "path": "%2e%2e/x"})
s.get("run: download, absolute", G, {"run_id": "${r}", "path": "/etc/passwd"})
s.get("run: download, unknown run", G, {"run_id": "abc", "path": "a.txt"})
s.get("run: download, run missing", G, {"path": "a.txt"})
s.get("run: download, path missing", G, {"run_id": "${r}"}, loose="stock answers with a page of HTML", ours={"status": 400})
UP = AJAX + "upload-artifact?run_uuid=${r}&path="
s.post("upload", UP + "up/x.txt", text="abc", headers={})
s.get("uploaded", G, {"run_id": "${r}", "path": "up/x.txt"})
s.post("upload to the root", UP + "y.txt", text="abc", headers={"Content-Type": "application/octet-stream"})
s.post("upload: no data", UP + "z.txt", text="", headers={})
s.post("upload: path missing", AJAX + "upload-artifact?run_uuid=${r}", text="abc", headers={})
s.post("upload: run missing", AJAX + "upload-artifact?path=x", text="abc", headers={})
s.post("upload: unknown run", AJAX + "upload-artifact?run_uuid=abc&path=x", text="abc", headers={})
s.post("upload: dots", UP + "../x", text="abc", headers={})
s.post("upload: absolute", UP + "/etc/x", text="abc", headers={})
s.post("upload: 10 MiB and a byte", UP + "big", text={"$repeat": ["x", 10 * 1024 * 1024 + 1]}, headers={})
s.get("run: list afterwards", L, {"run_id": "${r}"})

# Multipart and presigned calls: the wording of the refusal steers the client.
M = ARTIFACTS + "mpu/"
s.post("multipart: create", M + "create/${uid}/x", {"path": "x", "num_parts": 2})
s.post("multipart: create, path missing", M + "create/${uid}/x", {"num_parts": 2})
s.post("multipart: create, dots", M + "create/${uid}/../../x", {"path": "x", "num_parts": 2})
s.post("multipart: complete", M + "complete/${uid}/x", {"path": "x", "upload_id": "1", "parts": [{"part_number": 1, "etag": "e"}]})
s.post("multipart: complete, parts missing", M + "complete/${uid}/x", {"path": "x"})
s.post("multipart: abort", M + "abort/${uid}/x", {"path": "x", "upload_id": "1"})
s.post("multipart: abort, path missing", M + "abort/${uid}/x", {})
s.get("presigned download", ARTIFACTS + "presigned/${uid}/x")
s.get("presigned download, dots", ARTIFACTS + "presigned/${uid}/..%2fx")
for kind in ("upload", "download"):
    path = f"artifacts/presigned-{kind}-url"
    s.post(f"presigned {kind} URL", path, {"run_id": "${r}", "path": "a"})
    s.post(f"presigned {kind} URL: path missing", path, {"run_id": "${r}"})
    s.post(f"presigned {kind} URL: run missing", path, {"path": "a"})
    s.post(f"presigned {kind} URL: unknown run", path, {"run_id": "abc", "path": "a"})
    s.post(f"presigned {kind} URL: dots", path, {"run_id": "${r}", "path": "../a"})
s.post("presigned upload URL: both ids", "artifacts/presigned-upload-url", {"run_id": "${r}", "model_id": "m-x", "path": "a"})
s.post("presigned upload URL: unknown model", "artifacts/presigned-upload-url", {"model_id": "m-x", "path": "a"})
s.post("presigned download URL: expiration 0", "artifacts/presigned-download-url", {"run_id": "${r}", "path": "a", "expiration": 0})
s.post("presigned download URL: expiration too long", "artifacts/presigned-download-url", {"run_id": "${r}", "path": "a", "expiration": 604801})
