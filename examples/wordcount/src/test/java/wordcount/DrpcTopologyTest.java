package wordcount;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class DrpcTopologyTest {
    @Test
    void countsWords() {
        assertEquals(3, DrpcTopology.WordsBolt.words(" to be  heard "));
        assertEquals(0, DrpcTopology.WordsBolt.words(" "));
    }
}
