package wordcount;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.apache.storm.Config;
import org.apache.storm.generated.StormTopology;
import org.junit.jupiter.api.Test;

class WordCountTopologyTest {
    @Test
    void givesEachWorkerItsShare() {
        StormTopology topology = WordCountTopology.topology(2);
        assertEquals(2, topology.get_spouts().get("sentences").get_common().get_parallelism_hint());
        assertEquals(2, topology.get_bolts().get("split").get_common().get_parallelism_hint());
        assertEquals(4, topology.get_bolts().get("count").get_common().get_parallelism_hint());
        assertEquals(2, WordCountTopology.config(2).get(Config.TOPOLOGY_WORKERS));
        assertEquals(2, WordCountTopology.config(2).get(Config.TOPOLOGY_ACKER_EXECUTORS));
    }
}
