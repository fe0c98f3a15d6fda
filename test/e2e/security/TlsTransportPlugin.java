// A stand-in, ours, for Storm 2.8.7's class of this name: that of Storm 2.8.3, the newest in Maven Central, refuses every call on Java 17.
package org.apache.storm.security.auth.tls;

import java.io.IOException;
import java.net.InetAddress;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.security.auth.Subject;
import javax.security.auth.x500.X500Principal;
import org.apache.storm.security.auth.ITransportPlugin;
import org.apache.storm.security.auth.ReqContext;
import org.apache.storm.security.auth.ThriftConnectionType;
import org.apache.storm.thrift.TProcessor;
import org.apache.storm.thrift.protocol.TBinaryProtocol;
import org.apache.storm.thrift.server.TServer;
import org.apache.storm.thrift.server.TThreadPoolServer;
import org.apache.storm.thrift.transport.TSSLTransportFactory;
import org.apache.storm.thrift.transport.TServerSocket;
import org.apache.storm.thrift.transport.TSocket;
import org.apache.storm.thrift.transport.TTransport;
import org.apache.storm.thrift.transport.TTransportException;
import org.apache.storm.utils.SecurityUtils;

/** Thrift by TLS 1.2, unframed, at this machine's own address. It does not load stores again that have changed, as Storm's own does. */
public class TlsTransportPlugin implements ITransportPlugin {
    private ThriftConnectionType type;
    private Map<String, Object> conf;
    private int port;

    @Override
    public void prepare(ThriftConnectionType type, Map<String, Object> conf) {
        this.type = type;
        this.conf = conf;
        port = type.getPort(conf);
    }

    @Override
    public TServer getServer(TProcessor processor) throws IOException, TTransportException {
        boolean clientAuth = type.isClientAuthRequired(conf);
        String keyStore = type.getServerKeyStorePath(conf);
        String trustStore = type.getServerTrustStorePath(conf);
        TSSLTransportFactory.TSSLTransportParameters tls = new TSSLTransportFactory.TSSLTransportParameters();
        tls.setKeyStore(keyStore, type.getServerKeyStorePassword(conf), null, SecurityUtils.inferKeyStoreTypeFromPath(keyStore));
        tls.setTrustStore(trustStore, type.getServerTrustStorePassword(conf), null, SecurityUtils.inferKeyStoreTypeFromPath(trustStore));
        tls.requireClientAuth(clientAuth);
        TServerSocket socket =
            TSSLTransportFactory.getServerSocket(port, type.getSocketTimeOut(conf), InetAddress.getLocalHost(), tls);
        ((SSLServerSocket) socket.getServerSocket()).setEnabledProtocols(new String[] {"TLSv1.2"});
        port = socket.getServerSocket().getLocalPort();
        int threads = type.getNumThreads(conf);
        TThreadPoolServer.Args server = new TThreadPoolServer.Args(socket).minWorkerThreads(threads).maxWorkerThreads(threads);
        server.protocolFactory(new TBinaryProtocol.Factory(false, true));
        server.processor((in, out) -> {
            SSLSocket peer = (SSLSocket) ((TSocket) in.getTransport()).getSocket();
            SSLSession session = peer.getSession();
            ReqContext context = ReqContext.context();
            context.setRemoteAddress(peer.getInetAddress());
            try {
                Object principal = clientAuth ? session.getPeerPrincipal() : new X500Principal("CN=ANONYMOUS");
                context.setSubject(new Subject(true, Set.of((X500Principal) principal), Set.of(), Set.of()));
            } catch (IOException e) {
                throw new TTransportException("peer certificate not verified", e);
            }
            processor.process(in, out);
        });
        return new TThreadPoolServer(server);
    }

    @Override
    public TTransport connect(TTransport transport, String serverHost, String asUser) {
        return transport;
    }

    @Override
    public int getPort() {
        return port;
    }
}
