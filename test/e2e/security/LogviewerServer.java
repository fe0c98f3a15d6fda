// A stand-in, ours, for Storm's class of this name, which Maven Central does not have. It listens as Storm's does, and shows daemons' logs.
package org.apache.storm.daemon.logviewer;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.storm.utils.ConfigUtils;
import org.apache.storm.utils.ObjectReader;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.ssl.SslContextFactory;

/** Jetty, set up by the entries `logviewer.https.*` as UIHelpers.configSsl does it. */
public class LogviewerServer extends Handler.Abstract {
    public static void main(String[] args) throws Exception {
        Map<String, Object> conf = ConfigUtils.readStormConfig();
        SslContextFactory.Server tls = new SslContextFactory.Server();
        tls.setKeyStorePath(entry(conf, "keystore.path"));
        tls.setKeyStoreType(entry(conf, "keystore.type"));
        tls.setKeyStorePassword(entry(conf, "keystore.password"));
        tls.setKeyManagerPassword(entry(conf, "key.password"));
        tls.setTrustStorePath(entry(conf, "truststore.path"));
        tls.setTrustStoreType(entry(conf, "truststore.type"));
        tls.setTrustStorePassword(entry(conf, "truststore.password"));
        tls.setNeedClientAuth(ObjectReader.getBoolean(conf.get("logviewer.https.need.client.auth"), false));
        HttpConfiguration http = new HttpConfiguration();
        http.addCustomizer(new SecureRequestCustomizer());
        Server server = new Server();
        ServerConnector connector = new ServerConnector(
            server, new SslConnectionFactory(tls, HttpVersion.HTTP_1_1.asString()), new HttpConnectionFactory(http));
        connector.setPort(ObjectReader.getInt(conf.get("logviewer.https.port")));
        server.addConnector(connector);
        server.setHandler(new LogviewerServer());
        server.start();
    }

    private static String entry(Map<String, Object> conf, String name) {
        return (String) conf.get("logviewer.https." + name);
    }

    /** The log of a daemon, at Storm's path for it: `/api/v1/daemonlog?file=supervisor.log`. */
    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        if (!Request.getPathInContext(request).equals("/api/v1/daemonlog")) {
            return false;
        }
        Path file = Path.of(System.getProperty("storm.log.dir"), Request.extractQueryParameters(request).getValue("file"));
        Content.Sink.write(response, true, Files.readString(file), callback);
        return true;
    }
}
