// A task file, for tests to change.
#pragma once

#include <string>
#include <string_view>

namespace assay::batch {

// A task of the study, of one object key changed or removed by the caller.
inline std::string task_text(std::string_view name = "flask-openapi-sqlite") {
    return "{\n  \"name\": \"" + std::string(name) +
           "\",\n  \"dockerFolder\": \"uv\",\n  \"patch\": null,\n  \"repoMetadata\": {\n    \"setupCmds\": [\"chmod "
           "+x "
           "run.sh\"],\n    \"runCmds\": [\"./run.sh\"],\n    \"port\": 8080,\n    \"baseUrl\": \"/api\",\n    "
           "\"healthcheckEndpoint\": \"/api/health-check\"\n  },\n  \"postmanCollection\": \"suite.json\"\n}\n";
}

}  // namespace assay::batch
